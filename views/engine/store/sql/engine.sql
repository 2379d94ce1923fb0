-- The engine's own tables in a store file of the newest format (STORE_FORMAT, store.h; upgrade_N.sql makes a file of
-- format N - 1 one of format N). Everything here is written in the same SQLite transaction as
-- the rows that it describes.
create table _meta(name text primary key, value text not null) without rowid;

create table _offsets(
    topic text not null,
    partition integer not null,
    next_offset integer not null,
    -- hash of the key when the newest message taken was a delete (or its tombstone), else null: the tombstone
    -- that follows a delete says nothing new
    deleted_key integer,
    -- the broker's timestamp of the message before next_offset: a topic that was made anew has another there
    newest_ts_ms integer not null default 0,
    -- the newest full snapshot that rows were taken of, and the broker's timestamp of the first: what is streamed behind
    -- them is no ghost of it
    snapshot_lsn integer not null default -1,
    snapshot_ms integer not null default 0,
    -- of the streamed changes taken, the highest LSN and the latest commit time: a binlog that was begun anew shows against them
    newest_lsn integer not null default -1,
    newest_source_ms integer not null default 0,
    -- while nothing of it was taken: its log began at next_offset and had messages (1) or none (2)
    unread integer not null default 0,
    primary key(topic, partition)
) without rowid;

-- one row: where the commit stands that a reader sees; `quarantined` messages wait in _quarantine, or waited and were
-- dropped
create table _position(
    id integer primary key check (id = 1),
    version integer not null,
    lsn integer,
    txid integer,
    transactional integer not null,
    applied_total integer not null,
    offsets text not null,
    -- the merge's own memory: the last commit LSN that was sequenced and its commit time, whatever a reader is told
    sequenced_lsn integer,
    sequenced_ts_ms integer,
    -- torn: odd while some of what is shown may be part of a source transaction that is not shown whole (standing.h); filling: what
    -- _fill still awaits, as "orders.note, points", null = nothing
    torn integer not null default 0,
    quarantined integer not null default 0,
    filling text
);

-- The newest source transactions that the file shows whole (low 32 bits of the txid, as the source's clients know it),
-- for readers that wait for one: a row is a run of them from txid to last (null: the one). Transactions commit out of
-- txid order, so no single number tells.
create table _transactions(txid integer primary key, lsn integer not null, last integer);

-- Timelines of the source after its first, by the source commit time from which each holds: see consumer/apply/loop/timeline.h.
create table _timelines(since_ts_ms integer primary key);

create table _tables(
    name text primary key,
    truncate_lsn integer not null default -1,
    snapshot_lsn integer not null default -1,
    -- 1 while rows of snapshot_lsn may still come: sweeping waits for it
    snapshot_open integer not null default 0,
    -- 1 when the marker of the snapshot's last row of this table was seen
    snapshot_marked integer not null default 0,
    deleted_lsn integer not null default -1,
    -- no row has a higher _lsn or _snapshot; null = not known
    newest_lsn integer,
    -- by the source's clock: the newest truncate or the beginning of the newest full snapshot that has come whole; a row
    -- without a position that is older is not written
    stale_before_ms integer not null default 0,
    -- when the first row of snapshot_lsn was read (0: not known)
    snapshot_ts_ms integer not null default 0,
    -- 1 when rows of incremental snapshots were written
    has_chunks integer not null default 0,
    -- the commit that rows of snapshot_lsn name as the one before them
    snapshot_commit integer not null default -1,
    -- 1 when the stream has it: that snapshot may be of some rows only
    snapshot_ahead integer not null default 0,
    -- by the log's time: messages of the table up to then may be gone. A snapshot that began before that is none of all rows
    cut_ms integer not null default 0,
    -- the newest full snapshot that came whole and was swept
    whole_lsn integer not null default -1,
    -- while the table is incomplete for what a truncate ends: the full snapshot that left it out (0: none did)
    left_out_lsn integer not null default -1
) without rowid;

-- What a changed source.sql left to be read from the log: a 'column' whose values are, a 'table' whose rows are (column is
-- ''), a table that is 'new' and is read from its topics' beginning. `lacking`: for so many rows the log had no event any
-- more; null while it is not over. A table that is 'gone' had topics that were read.
create table _fill(
    "table" text not null,
    column text not null,
    kind text not null check (kind in ('column', 'table', 'new', 'gone')),
    lacking integer,
    primary key("table", column)
) without rowid;

create table _views(name text primary key, hash text not null, schema text not null) without rowid;

-- The views' apply statements, run once a commit. Those of a view with history stay when it is not loaded any more.
create table _applies(
    view text not null,
    name text not null,
    sql text not null,
    primary key(view, name)
) without rowid;

-- Messages that could not be applied (quarantine.h). What is looked for stands before the bytes, which may be long.
create table _quarantine(
    id integer primary key,
    topic text not null,
    partition integer not null,
    "offset" integer not null,
    -- superseded: a later change made its row right; applied: by a retry; discarded: by a person
    state text not null default 'waiting' check (state in ('waiting', 'superseded', 'applied', 'discarded')),
    reason text not null,
    at_ms integer not null,
    -- the declared table of its row and the key's values as a JSON array, null = not known
    "table" text,
    row_key text,
    -- of the change, null = not known
    lsn integer,
    -- 1: a later change of the row was applied and lacked a value that this one may have (unchanged TOAST)
    overtaken integer not null default 0,
    settled_at_ms integer,
    note text,
    value_dropped integer not null default 0,
    -- so many older ones that waited were dropped: they count as waiting until this one is discarded
    older_dropped integer not null default 0,
    key blob,
    value blob,
    -- the table's newest full snapshot when the message was streamed behind it; null when it was not
    behind_lsn integer
);
create index _quarantine_settled on _quarantine(id) where state <> 'waiting';
create index _quarantine_rows on _quarantine("table", row_key) where state = 'waiting';

-- What a person asked for, from whatever process: the one that writes the file does it, and deletes the row.
create table _quarantine_requests(
    id integer primary key,
    quarantined integer not null,
    action text not null check (action in ('retry', 'discard')),
    note text
);

-- TOAST values on their way across a key change: kept by the delete for the create of the same transaction and LSN
-- ('have'), or awaited by a create that came first ('want'). One row a column. A 'want' without a key is passed on: the
-- awaiting row's key changed as well, and its value names where that key change's create looks, "txid:lsn".
create table _carry(
    "table" text not null,
    txid integer not null,
    lsn integer not null,
    column text not null,
    kind text not null check (kind in ('have', 'want')),
    value,
    key text,
    ts_ms integer not null,
    primary key("table", txid, lsn, kind, column)
) without rowid;
-- What awaits is asked for by its row's key, and by where it is passed on to.
create index _carry_wants on _carry("table", key, column) where kind = 'want';
create index _carry_links on _carry("table", value, column) where kind = 'want';

-- What once() was asked for (dedup.h): each TABLE, KEY and VALUE; the values' numbers; for 256 neighbouring keys and 8
-- numbers a row of two bytes for each key that has some: its place among the 256, and the numbers' bits.
create table _once(
    id integer primary key,
    "table" text not null collate nocase,
    key text not null collate nocase,
    value text not null collate nocase,
    unique("table", key, value)
);
create table _once_values(once integer not null, number integer not null, value, primary key(once, number)) without rowid;
create table _once_blocks(
    once integer not null,
    part integer not null,
    block integer not null,
    told blob,
    primary key(once, part, block)
) without rowid;

-- What the sums of REAL columns come to exactly (exact_sums.h): each _sums_T(...) and column of each apply statement; a
-- row for each group whose sum is not 0, the group as sums.c writes it, the sum as real_sum.h does.
create table _real_sums(
    id integer primary key,
    view text not null,
    apply text not null,
    call text not null,
    unique(view, apply, call)
);
create table _real_sum_groups(
    call integer not null,
    "group" blob not null,
    sum blob not null,
    primary key(call, "group")
) without rowid;
