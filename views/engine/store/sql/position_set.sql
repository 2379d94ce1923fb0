update _position set
    version = version + 1,
    lsn = :lsn,
    txid = :txid,
    transactional = :transactional,
    applied_total = :applied_total,
    offsets = :offsets,
    sequenced_lsn = :sequenced_lsn,
    sequenced_ts_ms = :sequenced_ts_ms,
    torn = :torn,
    quarantined = :quarantined
