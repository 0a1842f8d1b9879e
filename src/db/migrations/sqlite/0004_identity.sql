-- Accounts: a verified address, other ways to sign in, and an end.
ALTER TABLE users ADD COLUMN email_verified_at TEXT;
ALTER TABLE users ADD COLUMN deleted_at TEXT;

-- A session acts in one organisation: the person's own, or the one they switched to.
ALTER TABLE sessions ADD COLUMN acting_org_id TEXT REFERENCES organizations (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN authenticated_at TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at TEXT;
CREATE INDEX sessions_by_acting_org ON sessions (acting_org_id) WHERE acting_org_id IS NOT NULL;
CREATE INDEX sessions_by_age ON sessions (expires_at);
CREATE INDEX refresh_tokens_by_age ON refresh_tokens (expires_at);

-- What a link in a mail proves. Each works once.
CREATE TABLE email_tokens (
    hash        BLOB NOT NULL PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose     TEXT NOT NULL CHECK (purpose IN ('verify', 'reset', 'change')),
    email       TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    used_at     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX email_tokens_by_user ON email_tokens (user_id, purpose);
CREATE INDEX email_tokens_by_age ON email_tokens (expires_at);

-- Accounts elsewhere that sign in to one here.
CREATE TABLE identities (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT,
    created_at   TEXT NOT NULL,
    last_used_at TEXT,
    UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_user ON identities (user_id, id);

-- A visit to an identity provider that has begun and not come back yet.
CREATE TABLE oauth_states (
    hash        BLOB NOT NULL PRIMARY KEY,
    provider    TEXT NOT NULL,
    purpose     TEXT NOT NULL CHECK (purpose IN ('sign_in', 'link', 'reauthenticate')),
    nonce       TEXT NOT NULL,
    verifier    TEXT NOT NULL,
    next        TEXT NOT NULL,
    session_id  TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_states_by_age ON oauth_states (expires_at);
CREATE INDEX oauth_states_by_session ON oauth_states (session_id) WHERE session_id IS NOT NULL;

-- Organisations: a plan, and an end. What limits allow beside the plan is in requests_per_minute.
ALTER TABLE organizations ADD COLUMN plan TEXT NOT NULL DEFAULT 'free'
    CHECK (plan IN ('free', 'premium'));
ALTER TABLE organizations ADD COLUMN requests_per_minute INTEGER;
ALTER TABLE organizations ADD COLUMN deleted_at TEXT;
ALTER TABLE organizations ADD COLUMN purged_at TEXT;
CREATE INDEX organizations_to_purge ON organizations (deleted_at)
    WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

-- Roles beside the built-in ones. A member with one of them has the role 'viewer' and its id.
CREATE TABLE roles (
    org_id      TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    permissions TEXT NOT NULL CHECK (json_valid(permissions)),
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX roles_by_name ON roles (org_id, lower(name));
ALTER TABLE memberships ADD COLUMN role_id TEXT REFERENCES roles (id);
ALTER TABLE memberships ADD COLUMN last_active_at TEXT;
CREATE INDEX memberships_by_user ON memberships (user_id, org_id);
CREATE INDEX memberships_by_role ON memberships (role_id) WHERE role_id IS NOT NULL;

CREATE TABLE invitations (
    org_id      TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    id          TEXT NOT NULL PRIMARY KEY,
    email       TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'viewer')),
    role_id     TEXT REFERENCES roles (id) ON DELETE CASCADE,
    hash        BLOB NOT NULL UNIQUE,
    invited_by  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    accepted_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_org ON invitations (org_id, id);
CREATE INDEX invitations_by_email ON invitations (email);

-- API keys: the organisation's own, a rate of their own, some agents alone, and with which key one was
-- made: it ends with that.
ALTER TABLE api_keys ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));
ALTER TABLE api_keys ADD COLUMN requests_per_minute INTEGER;
ALTER TABLE api_keys ADD COLUMN agent_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(agent_ids));
ALTER TABLE api_keys ADD COLUMN parent_id TEXT;
CREATE INDEX api_keys_live ON api_keys (org_id, user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_parent ON api_keys (parent_id) WHERE parent_id IS NOT NULL;

-- Who sees an agent, and its runs; `public` ones came by its link.
ALTER TABLE ai_agents ADD COLUMN visibility TEXT NOT NULL DEFAULT 'organization'
    CHECK (visibility IN ('private', 'organization', 'public'));
ALTER TABLE ai_agents ADD COLUMN public_id TEXT;
CREATE UNIQUE INDEX ai_agents_by_public_id ON ai_agents (public_id) WHERE public_id IS NOT NULL;
ALTER TABLE runs ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1));
CREATE INDEX runs_private_by_user ON runs (user_id, org_id, id) WHERE private = 1;
ALTER TABLE runs ADD COLUMN public INTEGER NOT NULL DEFAULT 0 CHECK (public IN (0, 1));
-- The last column, which a condition on the index implies, keeps SQLite from looking the row up.
CREATE INDEX runs_private ON runs (org_id, id, private) WHERE private;
DROP INDEX runs_failed;
CREATE INDEX runs_failed ON runs (org_id, id, status) WHERE status = 'failed';

-- The activity log as a chain per organisation. Entries from before it have no number. An entry
-- outlives the account that it names.
CREATE TABLE activity_chain (
    org_id      TEXT NOT NULL,
    id          TEXT NOT NULL,
    user_id     TEXT,
    action      TEXT NOT NULL,
    details     TEXT NOT NULL CHECK (json_valid(details)),
    created_at  TEXT NOT NULL,
    seq         INTEGER,
    ip          TEXT,
    credential  TEXT,
    key_id      TEXT,
    hash        BLOB,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO activity_chain (org_id, id, user_id, action, details, created_at)
    SELECT org_id, id, user_id, action, details, created_at FROM activity_logs;
DROP TABLE activity_logs;
ALTER TABLE activity_chain RENAME TO activity_logs;
CREATE UNIQUE INDEX activity_logs_by_seq ON activity_logs (org_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX activity_logs_unchained ON activity_logs (org_id, id) WHERE seq IS NULL;
CREATE TABLE audit_heads (
    org_id       TEXT NOT NULL PRIMARY KEY,
    seq          INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    before_chain INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an administrator sets for the whole server, one document a name.
CREATE TABLE settings (
    name        TEXT NOT NULL PRIMARY KEY,
    value       TEXT NOT NULL CHECK (json_valid(value)),
    updated_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Addresses and accounts that may not sign in for a while.
CREATE TABLE sign_in_blocks (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('address', 'account')),
    subject     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    failures    INTEGER NOT NULL,
    created_by  TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    UNIQUE (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_blocks_by_age ON sign_in_blocks (expires_at);
