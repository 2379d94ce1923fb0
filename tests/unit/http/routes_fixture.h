// Routes over the fixture's file, for the tests of what answers beside them.
#ifndef TIDEMARK_ROUTES_FIXTURE_H
#define TIDEMARK_ROUTES_FIXTURE_H

#include "tests/unit/reading_fixture.h"

#include "http/routes.h"

// The caller frees them, before the fixture is closed.
static inline struct routes *fixture_routes(const struct fixture *fixture) {
    const struct routes_config config = {
        .db = fixture->db, .catalog = fixture->catalog, .progress = fixture->progress, .version = "1.2.3"};
    struct routes *routes = NULL;
    struct error error = {0};
    fixture_check(routes_new(&routes, &config, &error), &error);
    return routes;
}

#endif
