#include "views/base/account.h"

static size_t account_most(const struct account *account, size_t size) {
    size_t eighth = account->max / 8;
    return size > ACCOUNT_LARGE_FROM ? 6 * eighth : size > ACCOUNT_MIDDLE_FROM ? 7 * eighth : account->max;
}

bool account_change_counted(struct account *account, size_t from, size_t to) {
    size_t had = account_counted(from);
    size_t wanted = account_counted(to);
    if (wanted <= had) {
        (void)atomic_fetch_sub_explicit(&account->bytes, had - wanted, memory_order_relaxed);
        return true;
    }
    size_t more = wanted - had;
    size_t most = account_most(account, to);
    size_t before = atomic_fetch_add_explicit(&account->bytes, more, memory_order_relaxed);
    if (account->max == 0 || (more <= most && before <= most - more))
        return true;
    (void)atomic_fetch_sub_explicit(&account->bytes, more, memory_order_relaxed);
    return false;
}
