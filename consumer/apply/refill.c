#include "consumer/apply/refill.h"

#include "consumer/apply/loop/commit.h"

int refill_take(struct apply *apply, const char *path, struct error *error) {
    struct store *store = apply->config.store;
    if (commit_whole(apply, true, error) != 0)
        return -1;
    if (store_in_transaction(store))
        return 0;
    if (store_fill_begin(store, path, error) != 0)
        return -1;
    commit_open(apply);
    int status = store_fill_take(store, error);
    if (status == 0)
        status = commit_whole(apply, true, error);
    if (status != 0)
        (void)store_rollback(store, NULL);
    if (store_fill_end(store, status == 0 ? error : NULL) != 0)
        return -1;
    return status == 0 ? 1 : -1;
}
