// What an arena gives is the caller's alone until the reset, and a reset keeps what a steady stream needs.
#include "views/base/arena.h"
#include "views/base/random.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

enum { SEED = 5, ROUNDS = 20, PIECES = 3000, STEADY_SIZE = ARENA_BLOCK_MAX / 64 };

static size_t size_of(uint64_t *random) {
    uint64_t dice = random_below(random, 1000);
    return dice == 0 ? ARENA_BLOCK_MAX + random_below(random, 1000)
                     : random_below(random, dice < 10 ? 100000 : 400);
}

// Every piece keeps its bytes while the others are written; used is at least what was taken.
static void pieces_do_not_overlap(void **state) {
    (void)state;
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct arena arena = {0};
    uint64_t random = SEED;
    (void)printf("seed %d\n", SEED);
    for (int round = 0; round < ROUNDS; round++) {
        size_t taken = 0;
        for (int i = 0; i < PIECES; i++) {
            sizes[i] = size_of(&random);
            pieces[i] = arena_take(&arena, sizes[i]);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
            memset(pieces[i], i % 251, sizes[i]);
            if (sizes[i] > 100 && random_below(&random, 4) == 0) {
                arena_return(&arena, 64);
                sizes[i] -= 64;
            }
            taken += sizes[i];
        }
        assert_true(arena_used(&arena) >= taken);
        for (int i = 0; i < PIECES; i++)
            for (size_t b = 0; b < sizes[i]; b++)
                assert_int_equal(pieces[i][b], i % 251);
        arena_reset(&arena);
        assert_int_equal(arena_used(&arena), 0);
    }
    arena_free(&arena);
}

// The same commit again and again holds no more memory than once.
static void a_steady_stream_allocates_nothing(void **state) {
    (void)state;
    struct arena arena = {0};
    void *first[PIECES];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PIECES; i++) {
            void *piece = arena_take(&arena, STEADY_SIZE + (size_t)(i % STEADY_SIZE));
            assert_non_null(piece);
            if (round == 0)
                first[i] = piece;
            assert_ptr_equal(piece, first[i]);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(a_steady_stream_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
