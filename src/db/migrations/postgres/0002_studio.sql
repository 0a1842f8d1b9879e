-- An agent's working copy stands beside what is published; deleted agents and prompts can come back.
ALTER TABLE ai_agents ADD COLUMN status text NOT NULL DEFAULT 'published'
    CHECK (status IN ('draft', 'published'));
ALTER TABLE ai_agents ADD COLUMN draft jsonb;
ALTER TABLE ai_agents ADD COLUMN draft_revision bigint NOT NULL DEFAULT 0;
ALTER TABLE ai_agents ADD COLUMN draft_updated_at timestamptz;
ALTER TABLE ai_agents ADD COLUMN published_at timestamptz;
ALTER TABLE ai_agents ADD COLUMN deleted_at timestamptz;
UPDATE ai_agents SET published_at = updated_at;
ALTER TABLE prompts ADD COLUMN name text;
ALTER TABLE prompts ADD COLUMN deleted_at timestamptz;
CREATE INDEX ai_agents_deleted ON ai_agents (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX prompts_deleted ON prompts (deleted_at) WHERE deleted_at IS NOT NULL;

-- A run can also propose a configuration, or test a provider.
ALTER TABLE runs DROP CONSTRAINT runs_kind_check;
ALTER TABLE runs ADD CONSTRAINT runs_kind_check
    CHECK (kind IN ('generate', 'preview', 'validate', 'draft', 'test'));
CREATE INDEX runs_by_agent ON runs (org_id, agent_id, id) WHERE agent_id IS NOT NULL;
CREATE INDEX runs_failed ON runs (org_id, id) WHERE status = 'failed';

-- What went wrong in a browser, scrubbed. Repeats of one report are counted, not stored.
CREATE TABLE client_errors (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('error', 'rejection', 'render', 'csp')),
    fingerprint text NOT NULL,
    message     text NOT NULL,
    stack       text,
    path        text,
    user_agent  text NOT NULL,
    count       bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX client_errors_by_fingerprint ON client_errors (org_id, fingerprint, id);
