#include "views/base/uuid.h"

#include "views/base/hex.h"

bool uuid_read(struct span text, char ret[UUID_SIZE]) {
    static const char form[] = "        -    -    -    -            ";
    enum { DIGITS = 32, GROUP = 4 };
    size_t at = 0;
    size_t digits = 0;
    if (text.size > 2 && text.data[0] == '{' && text.data[text.size - 1] == '}')
        text = (struct span){text.data + 1, text.size - 2};
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '-' && i > 0 && text.data[i - 1] != '-' && digits % GROUP == 0 && digits < DIGITS)
            continue;
        int digit = hex_digit(text.data[i]);
        if (digit < 0 || digits++ == DIGITS)
            return false;
        if (form[at] == '-')
            ret[at++] = '-';
        ret[at++] = "0123456789abcdef"[digit];
    }
    return digits == DIGITS;
}
