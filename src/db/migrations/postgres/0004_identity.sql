-- Accounts: a verified address, other ways to sign in, and an end.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
-- A constraint would make the address part of what foreign keys may name. Whoever changes one, as the
-- end of an account does, would then wait for everybody who stores something of that person, and
-- they for the ends of the logs that the account's end holds. A partial index is no such key.
ALTER TABLE users DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_by_email ON users (email) WHERE email IS NOT NULL;

-- A session acts in one organisation: the person's own, or the one they switched to.
ALTER TABLE sessions ADD COLUMN acting_org_id uuid REFERENCES organizations (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;
ALTER TABLE sessions ADD COLUMN last_used_at timestamptz;
CREATE INDEX sessions_by_acting_org ON sessions (acting_org_id) WHERE acting_org_id IS NOT NULL;
CREATE INDEX sessions_by_age ON sessions (expires_at);
CREATE INDEX refresh_tokens_by_age ON refresh_tokens (expires_at);

-- What a link in a mail proves. Each works once.
CREATE TABLE email_tokens (
    hash        bytea NOT NULL PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose     text NOT NULL CHECK (purpose IN ('verify', 'reset', 'change')),
    email       text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX email_tokens_by_user ON email_tokens (user_id, purpose);
CREATE INDEX email_tokens_by_age ON email_tokens (expires_at);

-- Accounts elsewhere that sign in to one here.
CREATE TABLE identities (
    id           uuid NOT NULL PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     text NOT NULL,
    issuer       text NOT NULL,
    subject      text NOT NULL,
    email        text,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id, id);

-- A visit to an identity provider that has begun and not come back yet.
CREATE TABLE oauth_states (
    hash        bytea NOT NULL PRIMARY KEY,
    provider    text NOT NULL,
    purpose     text NOT NULL CHECK (purpose IN ('sign_in', 'link', 'reauthenticate')),
    nonce       text NOT NULL,
    verifier    text NOT NULL,
    next        text NOT NULL,
    session_id  uuid REFERENCES sessions (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX oauth_states_by_age ON oauth_states (expires_at);
CREATE INDEX oauth_states_by_session ON oauth_states (session_id) WHERE session_id IS NOT NULL;

-- Organisations: a plan, and an end. What limits allow beside the plan is in requests_per_minute.
ALTER TABLE organizations ADD COLUMN plan text NOT NULL DEFAULT 'free'
    CHECK (plan IN ('free', 'premium'));
ALTER TABLE organizations ADD COLUMN requests_per_minute bigint;
ALTER TABLE organizations ADD COLUMN deleted_at timestamptz;
ALTER TABLE organizations ADD COLUMN purged_at timestamptz;
CREATE INDEX organizations_to_purge ON organizations (deleted_at)
    WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

-- Roles beside the built-in ones. A member with one of them has the role 'viewer' and its id.
CREATE TABLE roles (
    org_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    id          uuid NOT NULL PRIMARY KEY,
    name        text NOT NULL,
    description text,
    permissions jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX roles_by_name ON roles (org_id, lower(name));
ALTER TABLE memberships ADD COLUMN role_id uuid REFERENCES roles (id);
ALTER TABLE memberships ADD COLUMN last_active_at timestamptz;
CREATE INDEX memberships_by_user ON memberships (user_id, org_id);
CREATE INDEX memberships_by_role ON memberships (role_id) WHERE role_id IS NOT NULL;

CREATE TABLE invitations (
    org_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    id          uuid NOT NULL PRIMARY KEY,
    email       text NOT NULL,
    role        text NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'viewer')),
    role_id     uuid REFERENCES roles (id) ON DELETE CASCADE,
    hash        bytea NOT NULL UNIQUE,
    invited_by  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz
);
CREATE INDEX invitations_by_org ON invitations (org_id, id);
CREATE INDEX invitations_by_email ON invitations (email);

-- API keys: the organisation's own, a rate of their own, some agents alone, and with which key one was
-- made: it ends with that.
ALTER TABLE api_keys ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE api_keys ADD COLUMN requests_per_minute bigint;
ALTER TABLE api_keys ADD COLUMN agent_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE api_keys ADD COLUMN parent_id uuid;
CREATE INDEX api_keys_live ON api_keys (org_id, user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_parent ON api_keys (parent_id) WHERE parent_id IS NOT NULL;

-- Who sees an agent, and its runs; `public` ones came by its link.
ALTER TABLE ai_agents ADD COLUMN visibility text NOT NULL DEFAULT 'organization'
    CHECK (visibility IN ('private', 'organization', 'public'));
ALTER TABLE ai_agents ADD COLUMN public_id text;
CREATE UNIQUE INDEX ai_agents_by_public_id ON ai_agents (public_id) WHERE public_id IS NOT NULL;
ALTER TABLE runs ADD COLUMN private boolean NOT NULL DEFAULT false;
CREATE INDEX runs_private_by_user ON runs (user_id, org_id, id) WHERE private;
ALTER TABLE runs ADD COLUMN public boolean NOT NULL DEFAULT false;
CREATE INDEX runs_private ON runs (org_id, id) WHERE private;

-- The activity log as a chain per organisation. Entries from before it have no number. An entry
-- outlives the account that it names.
ALTER TABLE activity_logs DROP CONSTRAINT activity_logs_user_id_fkey;
ALTER TABLE activity_logs ADD COLUMN seq bigint;
ALTER TABLE activity_logs ADD COLUMN ip text;
ALTER TABLE activity_logs ADD COLUMN credential text;
ALTER TABLE activity_logs ADD COLUMN key_id uuid;
ALTER TABLE activity_logs ADD COLUMN hash bytea;
CREATE UNIQUE INDEX activity_logs_by_seq ON activity_logs (org_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX activity_logs_unchained ON activity_logs (org_id, id) WHERE seq IS NULL;
CREATE TABLE audit_heads (
    org_id       uuid NOT NULL PRIMARY KEY,
    seq          bigint NOT NULL,
    hash         bytea NOT NULL,
    before_chain bigint NOT NULL
);

-- What an administrator sets for the whole server, one document a name.
CREATE TABLE settings (
    name        text NOT NULL PRIMARY KEY,
    value       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL
);

-- Addresses and accounts that may not sign in for a while.
CREATE TABLE sign_in_blocks (
    id          uuid NOT NULL PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('address', 'account')),
    subject     text NOT NULL,
    reason      text NOT NULL,
    failures    bigint NOT NULL,
    created_by  uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX sign_in_blocks_by_age ON sign_in_blocks (expires_at);
