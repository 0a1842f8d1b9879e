-- What the runs of a finished hour or day (UTC) added up to, so that a dashboard counts them once.
CREATE TABLE run_stats (
    org_id  TEXT NOT NULL,
    hours   INTEGER NOT NULL CHECK (hours IN (1, 24)),
    at      TEXT NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (org_id, hours, at)
) STRICT, WITHOUT ROWID;
