-- Everything a cluster keeps in PostgreSQL. Run once, in one transaction, by PostgresSchema.
CREATE TABLE fwdllm_schema (version integer NOT NULL);
INSERT INTO fwdllm_schema VALUES (1);

-- Grain state: RecordEnvelope's bytes and the ETag that writers compare.
CREATE TABLE fwdllm_grain_state (
  service text NOT NULL,
  grain text NOT NULL,
  name text NOT NULL,
  etag bigint NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY (service, grain, name)
);
-- Bytes that are mostly scalars and hashes do not compress; PostgreSQL need not try.
ALTER TABLE fwdllm_grain_state ALTER COLUMN record SET STORAGE EXTERNAL;

CREATE TABLE fwdllm_membership_version (
  cluster text PRIMARY KEY,
  version integer NOT NULL
);

CREATE TABLE fwdllm_membership (
  cluster text NOT NULL REFERENCES fwdllm_membership_version,
  address text NOT NULL,
  port integer NOT NULL,
  generation integer NOT NULL,
  silo_name text NOT NULL,
  host_name text NOT NULL,
  status integer NOT NULL,
  proxy_port integer NOT NULL,
  suspect_times text,
  start_time timestamptz NOT NULL,
  i_am_alive_time timestamptz NOT NULL,
  PRIMARY KEY (cluster, address, port, generation)
);

CREATE TABLE fwdllm_reminder (
  service text NOT NULL,
  grain text NOT NULL,
  name text NOT NULL,
  grain_hash integer NOT NULL,
  start_time timestamptz NOT NULL,
  period bigint NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (service, grain, name)
);

-- Orleans' ADO.NET providers read their statements from this table; keys, parameters and result columns are their contract.
CREATE TABLE OrleansQuery (
  QueryKey varchar(64) PRIMARY KEY,
  QueryText varchar(8000) NOT NULL
);

-- Membership. Each change also advances the table's version, and happens only from the version the silo has read; a statement is one
-- transaction, so both or neither happen. Answers are 1 or 0.
INSERT INTO OrleansQuery VALUES
('InsertMembershipVersionKey', '
WITH inserted AS (
  INSERT INTO fwdllm_membership_version VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*)::integer FROM inserted'),

('InsertMembershipKey', '
WITH advanced AS (
  UPDATE fwdllm_membership_version SET version = version + 1
  WHERE cluster = @DeploymentId AND version = @Version AND NOT EXISTS (
    SELECT 1 FROM fwdllm_membership WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
  RETURNING cluster),
inserted AS (
  INSERT INTO fwdllm_membership (cluster, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive_time)
  SELECT cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM advanced
  RETURNING 1)
SELECT count(*)::integer FROM inserted'),

('UpdateMembershipKey', '
WITH advanced AS (
  UPDATE fwdllm_membership_version SET version = version + 1
  WHERE cluster = @DeploymentId AND version = @Version AND EXISTS (
    SELECT 1 FROM fwdllm_membership WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
  RETURNING cluster),
updated AS (
  UPDATE fwdllm_membership m SET status = @Status, suspect_times = @SuspectTimes, i_am_alive_time = @IAmAliveTime FROM advanced
  WHERE m.cluster = advanced.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
  RETURNING 1)
SELECT count(*)::integer FROM updated'),

('UpdateIAmAlivetimeKey', '
UPDATE fwdllm_membership SET i_am_alive_time = @IAmAliveTime
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),

-- One row with the version alone where there is no silo.
('MembershipReadAllKey', '
SELECT v.cluster AS "DeploymentId", m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.silo_name AS "SiloName",
  m.host_name AS "HostName", m.status AS "Status", m.proxy_port AS "ProxyPort", m.suspect_times AS "SuspectTimes",
  m.start_time AS "StartTime", m.i_am_alive_time AS "IAmAliveTime", v.version AS "Version"
FROM fwdllm_membership_version v LEFT JOIN fwdllm_membership m ON m.cluster = v.cluster
WHERE v.cluster = @DeploymentId'),

('MembershipReadRowKey', '
SELECT v.cluster AS "DeploymentId", m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.silo_name AS "SiloName",
  m.host_name AS "HostName", m.status AS "Status", m.proxy_port AS "ProxyPort", m.suspect_times AS "SuspectTimes",
  m.start_time AS "StartTime", m.i_am_alive_time AS "IAmAliveTime", v.version AS "Version"
FROM fwdllm_membership_version v
LEFT JOIN fwdllm_membership m ON m.cluster = v.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
WHERE v.cluster = @DeploymentId'),

('GatewaysQueryKey', '
SELECT address AS "Address", proxy_port AS "ProxyPort", generation AS "Generation" FROM fwdllm_membership
WHERE cluster = @DeploymentId AND status = @Status AND proxy_port > 0'),

('DeleteMembershipTableEntriesKey', '
WITH deleted AS (DELETE FROM fwdllm_membership WHERE cluster = @DeploymentId)
DELETE FROM fwdllm_membership_version WHERE cluster = @DeploymentId'),

-- Status 6 is a dead silo. The first is of older providers, which still ask for its presence.
('CleanupDefunctSiloEntriesKey', '
DELETE FROM fwdllm_membership WHERE cluster = @DeploymentId AND i_am_alive_time < @IAmAliveTime AND status = 6'),

('CleanupDefunctSiloEntryKey', '
DELETE FROM fwdllm_membership
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation AND status = 6
  AND start_time = @StartTime AND i_am_alive_time = @IAmAliveTime AND suspect_times IS NOT DISTINCT FROM @SuspectTimes');

-- Reminders. A range of hashes lies on a ring: the second form passes its end.
INSERT INTO OrleansQuery VALUES
('UpsertReminderRowKey', '
INSERT INTO fwdllm_reminder AS r (service, grain, name, grain_hash, start_time, period, version)
VALUES (@ServiceId, @GrainId, @ReminderName, @GrainHash, @StartTime, @Period, 0)
ON CONFLICT (service, grain, name) DO UPDATE
  SET grain_hash = excluded.grain_hash, start_time = excluded.start_time, period = excluded.period, version = r.version + 1
RETURNING version AS "Version"'),

('ReadReminderRowsKey', '
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period AS "Period", version AS "Version"
FROM fwdllm_reminder WHERE service = @ServiceId AND grain = @GrainId'),

('ReadReminderRowKey', '
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period AS "Period", version AS "Version"
FROM fwdllm_reminder WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName'),

('ReadRangeRows1Key', '
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period AS "Period", version AS "Version"
FROM fwdllm_reminder WHERE service = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash'),

('ReadRangeRows2Key', '
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period AS "Period", version AS "Version"
FROM fwdllm_reminder WHERE service = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)'),

('DeleteReminderRowKey', '
WITH deleted AS (
  DELETE FROM fwdllm_reminder WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version RETURNING 1)
SELECT count(*)::integer FROM deleted'),

('DeleteReminderRowsKey', '
DELETE FROM fwdllm_reminder WHERE service = @ServiceId');
