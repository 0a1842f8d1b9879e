// Sees from outside whether SQLite checkpointed while the load ran: the sequence number in the header of
// the -wal file rises when the log begins anew, and the -shm file counts the frames already copied back.
import fs from 'node:fs';
import path from 'node:path';

const SAMPLE_MS = 20;
const WAL_SEQUENCE_AT = 12;
const SHM_BACKFILL_AT = 96;

function databaseIn(folder) {
  const wal = fs.readdirSync(folder, { recursive: true }).map(String).find((name) => name.endsWith('-wal'));
  return wal ? path.join(folder, wal).slice(0, -'-wal'.length) : null;
}

function readAt(file, offset, read) {
  try {
    const fd = fs.openSync(file, 'r');
    const bytes = Buffer.alloc(4);
    const n = fs.readSync(fd, bytes, 0, 4, offset);
    fs.closeSync(fd);
    return n === 4 ? read(bytes) : null;
  } catch {
    return null;
  }
}

/** Watches until end() is called, which says what was seen. */
export function watchWal(folder) {
  const database = databaseIn(folder);
  const seen = { database: database !== null, restarts: 0, backfills: 0, wal_peak_bytes: 0 };
  let sequence = null;
  let backfill = null;
  const look = () => {
    const nextSequence = readAt(`${database}-wal`, WAL_SEQUENCE_AT, (bytes) => bytes.readUInt32BE());
    const nextBackfill = readAt(`${database}-shm`, SHM_BACKFILL_AT, (bytes) => bytes.readUInt32LE());
    if (sequence !== null && nextSequence !== null && nextSequence !== sequence) seen.restarts++;
    if (backfill !== null && nextBackfill !== null && nextBackfill > backfill) seen.backfills++;
    sequence = nextSequence;
    backfill = nextBackfill;
    const { size } = fs.statSync(`${database}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
    seen.wal_peak_bytes = Math.max(seen.wal_peak_bytes, size);
  };
  if (database === null) return { end: () => seen };
  look();
  const timer = setInterval(look, SAMPLE_MS);
  return {
    end: () => {
      clearInterval(timer);
      return { ...seen, checkpoints: Math.max(seen.restarts, seen.backfills) };
    },
  };
}
