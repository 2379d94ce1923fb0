// When what a store has accepted is written, and who is then at fault for what a view says of it. Plain data.
#ifndef TIDEMARK_WRITING_H
#define TIDEMARK_WRITING_H

// Where a view's trigger is to see each change of a table, or its index may refuse one, those changes are written one by
// one and in their order; all others are written together at the commit.
enum writing {
    // They are written as they come: a change that is refused is so by its own call, ERROR_INPUT.
    WRITING_AS_THEY_COME,
    // They wait for the commit too. That one is refused shows late: any call may then say ERROR_REFUSED, about the table.
    // The caller goes on from the newest commit, as they come, where the change is refused by itself.
    WRITING_AT_THE_COMMIT,
    // Every change is written, and the views' statements run, before its call returns: slow, and ERROR_VIEW is then that
    // call's doing.
    WRITING_SINGLY,
};

#endif
