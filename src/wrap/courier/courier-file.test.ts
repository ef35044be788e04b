import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { claimAnswers, courierFile, orphans, releaseAnswers } from "./courier-file.ts";

const now = Date.now();
/** No process has this id: it is above the highest that Linux gives. */
const nobody = 2 ** 22 + 1;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-courier-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file as a courier of that process leaves it. */
function leave(
  folder: string,
  {
    pid,
    master,
    ending,
    host = hostname(),
    ageMs = 0,
  }: {
    readonly pid: number;
    readonly master: number;
    readonly ending: string;
    readonly host?: string;
    readonly ageMs?: number;
  },
): void {
  const path = join(folder, `${host}.${pid}.1700000000000.${master}.${ending}`);
  writeFileSync(path, "a line\n");
  utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000);
}

test("a courier whose process has ended is waited for while it works, and nobody else is", (t) => {
  const cases = [
    { pid: process.ppid, master: nobody, ending: "courier", waits: 1, claims: 0 },
    { pid: process.ppid, master: process.pid, ending: "orphan", waits: 1, claims: 0 },
    { pid: process.ppid, master: process.pid, ending: "courier", waits: 0, claims: 0 },
    { pid: nobody, master: nobody, ending: "courier", waits: 0, claims: 1 },
    { pid: nobody, master: nobody, ending: "orphan", waits: 0, claims: 1 },
    { pid: process.ppid, master: process.pid, ending: "answers", waits: 0, claims: 1 },
    // Its id is another process's now, which does not beat.
    { pid: process.ppid, master: nobody, ending: "orphan", ageMs: 60_000, waits: 0, claims: 1 },
    // Of another machine only the beat is known, and what it says of itself.
    { pid: nobody, master: nobody, ending: "orphan", host: "a.far.host", waits: 1, claims: 0 },
    { pid: nobody, master: nobody, ending: "courier", host: "a.far.host", waits: 0, claims: 0 },
    { pid: nobody, master: nobody, ending: "courier", host: "a.far.host", ageMs: 120_000, waits: 0, claims: 1 },
    { pid: nobody, master: nobody, ending: "journal", waits: 0, claims: 0 },
  ];
  for (const { waits, claims, ...file } of cases) {
    const folder = folderOf(t);
    leave(folder, file);
    const said = JSON.stringify(file);
    assert.equal(orphans(folder, now), waits, said);
    assert.equal(claimAnswers(folder, "a", now).length, claims, said);
  }
});

test("what is claimed is nobody else's until it is released or its claimant ends", (t) => {
  const folder = folderOf(t);
  leave(folder, { pid: nobody, master: nobody, ending: "answers" });
  const [path] = claimAnswers(folder, "a", now);
  assert.equal(readFileSync(path!, "utf8"), "a line\n");
  assert.deepEqual(claimAnswers(folder, "b", now + 3_600_000), []);
  releaseAnswers(path!);
  const [again] = claimAnswers(folder, "c", now);
  renameSync(again!, again!.replace(`.${process.pid}.`, `.${nobody}.`));
  assert.equal(claimAnswers(folder, "d", now).length, 1);
});

test("its file is its owner's alone, goes when nothing is in it, and stays as answers when something is", (t) => {
  const folder = folderOf(t);
  const [empty, full] = [courierFile(folder, 1), courierFile(folder, 2)];
  assert.deepEqual(
    readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777),
    [0o600, 0o600],
  );
  for (const file of [empty, full]) file.append("paid");
  empty.clear();
  for (const file of [empty, full]) file.close();
  const [name, ...others] = readdirSync(folder);
  assert.deepEqual([others, readFileSync(join(folder, name!), "utf8")], [[], "paid\n"]);
  assert.match(name!, /\.2\.answers$/);
});

test("a folder that is removed comes back by nothing that a courier does", (t) => {
  const folder = folderOf(t);
  const file = courierFile(folder, 1);
  rmSync(folder, { recursive: true });
  file.append("paid");
  file.beat();
  file.orphan();
  file.close();
  assert.throws(() => readdirSync(folder), { code: "ENOENT" });
});
