// Transactions that begin and do not end. MariaDB's connector (3.5.0) sends the rows of an XA transaction when it is prepared: behind
// them comes the next BEGIN and no END, and XA COMMIT and XA ROLLBACK are both a BEGIN without rows. Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_UNENDED_H
#define TIDEMARK_EVIDENCE_UNENDED_H

#include "consumer/evidence/facts.h"
#include "views/base/span.h"

// A boundary of the transaction `id`, its BEGIN or its END, in a topic of one partition. Two BEGINs tell only where nothing stands between them: other messages
// may not have been looked at. An END that comes yet takes it back (a connector that was killed begins one twice).
void unended_take_boundary(struct evidence_unended *unended, int64_t offset, bool begins, struct span id);
// A row of that topic; `id` data NULL: it names no transaction.
void unended_take_row(struct evidence_unended *unended, int topic, struct span id);
// How many of those that rows of the topic name.
int unended_of(const struct evidence_unended *unended, int topic);

#endif
