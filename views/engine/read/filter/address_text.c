#include "views/engine/read/filter/address_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAC_BYTES = 6, MAC8_BYTES = 8, BITS_4 = 32, BITS_6 = 128 };

enum address_kind address_kind_of(const char *declared) {
    static const char *const names[] = {[ADDRESS_INET] = "inet",
                                        [ADDRESS_CIDR] = "cidr",
                                        [ADDRESS_MAC] = "macaddr",
                                        [ADDRESS_MAC8] = "macaddr8"};
    for (int i = ADDRESS_INET; i <= ADDRESS_MAC8; i++)
        if (strcasecmp(declared, names[i]) == 0)
            return (enum address_kind)i;
    return ADDRESS_NONE;
}

// The bits behind the slash, `most` without one; -1 = no number of so many.
static int address_text_bits(const char *slash, int most) {
    int bits = 0;
    if (slash == NULL)
        return most;
    size_t digits = strspn(slash + 1, "0123456789");
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
        return -1;
    (void)sscanf(slash + 1, "%3d", &bits);
    return bits <= most ? bits : -1;
}

static size_t address_text_write_inet(const char *text, bool network, char ret[ADDRESS_TEXT_SIZE]) {
    char host[ADDRESS_TEXT_SIZE];
    char written[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *slash = strchr(text, '/');
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    int most = family == AF_INET6 ? BITS_6 : BITS_4;
    int bits = address_text_bits(slash, most);
    (void)snprintf(host, sizeof host, "%.*s", slash != NULL ? (int)(slash - text) : (int)strlen(text), text);
    if (bits < 0 || inet_pton(family, host, bytes) != 1 ||
        inet_ntop(family, bytes, written, sizeof written) == NULL)
        return 0;
    // PostgreSQL leaves out the bits of a host that is no network.
    int size = network || bits < most ? snprintf(ret, ADDRESS_TEXT_SIZE, "%s/%d", written, bits)
                                      : snprintf(ret, ADDRESS_TEXT_SIZE, "%s", written);
    return (size_t)size;
}

// Hexadecimal digits, with any of `:`, `-` and `.` between them.
static size_t address_text_write_mac(const char *text, size_t bytes, char ret[ADDRESS_TEXT_SIZE]) {
    size_t digits = 0;
    size_t size = 0;
    for (; *text != '\0'; text++) {
        if (digits > 0 && strchr(":-.", *text) != NULL)
            continue;
        if (strchr("0123456789abcdefABCDEF", *text) == NULL || digits == 2 * bytes)
            return 0;
        if (digits > 0 && digits % 2 == 0)
            ret[size++] = ':';
        ret[size++] = (char)(*text >= 'A' && *text <= 'F' ? *text + ('a' - 'A') : *text);
        digits++;
    }
    return digits == 2 * bytes ? size : 0;
}

size_t address_text_write(enum address_kind kind, struct span text, char ret[ADDRESS_TEXT_SIZE]) {
    char copy[ADDRESS_TEXT_SIZE];
    if (text.size >= sizeof copy || memchr(text.data, '\0', text.size) != NULL)
        return 0;
    (void)snprintf(copy, sizeof copy, "%.*s", (int)text.size, text.data);
    if (kind == ADDRESS_INET || kind == ADDRESS_CIDR)
        return address_text_write_inet(copy, kind == ADDRESS_CIDR, ret);
    return address_text_write_mac(copy, kind == ADDRESS_MAC ? MAC_BYTES : MAC8_BYTES, ret);
}
