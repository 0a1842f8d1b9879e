-- A second wall between organisations: PostgreSQL itself shows and takes no row but those of the one
-- that agentgen.org names. Each transaction is told anew; '*' is said for statements that are
-- declared to cross organisations, and for migrations. Whoever says nothing meets no row at all.
-- The setting is read once a statement, not once a row.
DO $$
DECLARE
    told CONSTANT text := '(SELECT nullif(replace(current_setting(''agentgen.org'', true), ''*'', '
        '''ffffffff-ffff-ffff-ffff-ffffffffffff''), '''')::uuid) '
        'IN (%I, ''ffffffff-ffff-ffff-ffff-ffffffffffff''::uuid)';
    name text;
    condition text;
BEGIN
    FOREACH name IN ARRAY ARRAY['activity_logs', 'ai_agents', 'api_keys', 'audit_heads',
        'client_errors', 'idempotency_keys', 'invitations', 'memberships', 'organizations',
        'prompts', 'roles', 'run_stats', 'runs']
    LOOP
        condition := format(told, CASE name WHEN 'organizations' THEN 'id' ELSE 'org_id' END);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)', name, condition,
            condition);
    END LOOP;
END
$$;
