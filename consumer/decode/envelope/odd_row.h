// Why a row cannot be read that is not where one stands: which transform or converter has put it there. Inside the envelope
// decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_ODD_ROW_H
#define TIDEMARK_DECODE_ENVELOPE_ODD_ROW_H

#include "consumer/decode/envelope/members.h"

// A row that has no declared column is refused: -1.
int odd_row_refuse_columns(struct span value, const struct members *members, const struct table *table,
                           struct error *error);
// An envelope is refused whose op needs a row and that has none: -1.
int odd_row_refuse_op(struct span value, const struct members *members, struct error *error);

#endif
