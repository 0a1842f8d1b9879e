-- An agent's working copy stands beside what is published; deleted agents and prompts can come back.
ALTER TABLE ai_agents ADD COLUMN status TEXT NOT NULL DEFAULT 'published'
    CHECK (status IN ('draft', 'published'));
ALTER TABLE ai_agents ADD COLUMN draft TEXT CHECK (draft IS NULL OR json_valid(draft));
ALTER TABLE ai_agents ADD COLUMN draft_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ai_agents ADD COLUMN draft_updated_at TEXT;
ALTER TABLE ai_agents ADD COLUMN published_at TEXT;
ALTER TABLE ai_agents ADD COLUMN deleted_at TEXT;
UPDATE ai_agents SET published_at = updated_at;
ALTER TABLE prompts ADD COLUMN name TEXT;
ALTER TABLE prompts ADD COLUMN deleted_at TEXT;
CREATE INDEX ai_agents_deleted ON ai_agents (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX prompts_deleted ON prompts (deleted_at) WHERE deleted_at IS NOT NULL;

-- A run can also propose a configuration, or test a provider.
CREATE TABLE runs_new (
    org_id          TEXT NOT NULL,
    id              TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (
                        kind IN ('generate', 'preview', 'validate', 'draft', 'test')),
    status          TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    user_id         TEXT NOT NULL,
    key_id          TEXT,
    agent_id        TEXT,
    agent_version   INTEGER,
    conversation_id TEXT,
    provider        TEXT NOT NULL,
    model           TEXT NOT NULL,
    error_code      TEXT,
    error_message   TEXT,
    finish_reason   TEXT,
    cached          INTEGER NOT NULL DEFAULT 0,
    input_tokens    INTEGER,
    output_tokens   INTEGER,
    latency_ms      INTEGER,
    ttft_ms         INTEGER,
    metadata        TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    input_text      TEXT,
    output_text     TEXT,
    boot_id         TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    finished_at     TEXT,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO runs_new (
    org_id, id, kind, status, user_id, key_id, agent_id, agent_version, conversation_id,
    provider, model, error_code, error_message, finish_reason, cached, input_tokens,
    output_tokens, latency_ms, ttft_ms, metadata, input_text, output_text, boot_id,
    created_at, finished_at)
SELECT
    org_id, id, kind, status, user_id, key_id, agent_id, agent_version, conversation_id,
    provider, model, error_code, error_message, finish_reason, cached, input_tokens,
    output_tokens, latency_ms, ttft_ms, metadata, input_text, output_text, boot_id,
    created_at, finished_at
FROM runs;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
CREATE INDEX runs_by_conversation ON runs (org_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL AND conversation_id <> id;
CREATE INDEX runs_unfinished ON runs (id) WHERE status = 'running';
CREATE INDEX runs_by_agent ON runs (org_id, agent_id, id) WHERE agent_id IS NOT NULL;
CREATE INDEX runs_failed ON runs (org_id, id) WHERE status = 'failed';

-- What went wrong in a browser, scrubbed. Repeats of one report are counted, not stored.
CREATE TABLE client_errors (
    org_id      TEXT NOT NULL,
    id          TEXT NOT NULL,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL CHECK (kind IN ('error', 'rejection', 'render', 'csp')),
    fingerprint TEXT NOT NULL,
    message     TEXT NOT NULL,
    stack       TEXT,
    path        TEXT,
    user_agent  TEXT NOT NULL,
    count       INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    last_at     TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_errors_by_fingerprint ON client_errors (org_id, fingerprint, id);
