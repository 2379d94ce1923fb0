#include "consumer/evidence/message/seen.h"

#include <stdlib.h>

bool seen_take(struct evidence_seen **seen, uint64_t hash, uint64_t says, uint64_t *ret) {
    *ret = says;
    if (*seen == NULL && (*seen = calloc(1, sizeof **seen)) == NULL)
        return false;
    size_t at = (size_t)(hash % EVIDENCE_READS_SIZE);
    while ((*seen)->list[at].hash != 0 && (*seen)->list[at].hash != hash)
        at = (at + 1) % EVIDENCE_READS_SIZE;
    if ((*seen)->list[at].hash == hash) {
        *ret = (*seen)->list[at].says;
    } else if ((*seen)->count < EVIDENCE_READS_MAX) {
        (*seen)->list[at] = (struct evidence_seen_row){hash, says};
        (*seen)->count++;
    }
    return true;
}
