// Any bytes: consumer/json and jansson agree, but for the exceptions that consumer/json/json.h names.
#include "tests/json_oracle.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool taken;
    const char *problem = oracle_disagreement((struct span){(const char *)data, size}, &taken);
    if (problem != NULL) {
        fprintf(stderr, "disagreement: %s\n", problem);
        abort();
    }
    return 0;
}
