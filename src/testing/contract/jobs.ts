import assert from "node:assert/strict";
import type { ContractCase, World } from "./case.ts";
import { allPages } from "./examples.ts";
import { rejectsWith } from "./expect.ts";

/** A kind of job that no other case claims. */
const newKind = (): string => `kind-${crypto.randomUUID()}`;

const claim = ({ store }: World, kind: string, owner: string, leaseMs = 1000) =>
  store.jobs.claim({ owner, kinds: ["never", kind], leaseMs });

export const jobCases: readonly ContractCase[] = [
  {
    name: "a job is created queued, once",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const created = await store.jobs.create(scope, { jobId: "j", kind: newKind(), input: { files: ["a", null] } });
      const now = new Date(clock.now()).toISOString();
      const { kind, ...rest } = created;
      assert.deepEqual(rest, {
        job_id: "j",
        state: "queued",
        input: { files: ["a", null] },
        progress: null,
        result: null,
        error: null,
        attempts: 0,
        owner: null,
        lease_until: null,
        created_at: now,
        updated_at: now,
      });
      assert.deepEqual(await store.jobs.get(scope, "j"), created);
      await rejectsWith(store.jobs.create(scope, { jobId: "j", kind, input: "other" }), "conflict");
      assert.deepEqual(await store.jobs.get(scope, "j"), created);
      assert.equal(await store.jobs.get(scope, "other"), null);
    },
  },
  {
    name: "the oldest job of a wanted kind is claimed first, of whatever tenant",
    async run(world) {
      const { store, clock, tenant } = world;
      const kind = newKind();
      const scopes = [tenant(), tenant(), tenant()];
      for (const [index, scope] of scopes.entries()) {
        await store.jobs.create(scope, { jobId: `j${9 - index}`, kind, input: index });
        clock.advance(10);
      }
      await store.jobs.create(scopes[0]!, { jobId: "other", kind: newKind(), input: null });
      for (const [index, scope] of scopes.entries()) {
        const claimed = await claim(world, kind, "w");
        assert.deepEqual([claimed?.tenant, claimed?.job.input], [scope.tenant, index]);
        const { state, owner, attempts, lease_until } = claimed!.job;
        assert.deepEqual([state, owner, attempts, Date.parse(lease_until!)], ["running", "w", 1, clock.now() + 1000]);
        assert.deepEqual(await store.jobs.get(scope, claimed!.job.job_id), claimed?.job);
      }
      assert.equal(await claim(world, kind, "w"), null);
    },
  },
  {
    name: "no two of many workers hold one job",
    async run(world) {
      const kind = newKind();
      const scope = world.tenant();
      for (let index = 0; index < 12; index++) {
        await world.store.jobs.create(scope, { jobId: `j${index}`, kind, input: null });
      }
      const claimed = await Promise.all(Array.from({ length: 20 }, (_, worker) => claim(world, kind, `w${worker}`)));
      const ids = claimed.flatMap((one) => one?.job.job_id ?? []);
      assert.equal(ids.length, 12);
      assert.equal(new Set(ids).size, 12);
    },
  },
  {
    name: "a lease that ran out frees the job, and its old holder learns of it",
    async run(world) {
      const { store, clock } = world;
      const kind = newKind();
      const scope = world.tenant();
      await store.jobs.create(scope, { jobId: "j", kind, input: null });
      await claim(world, kind, "dead");
      clock.advance(999);
      assert.equal(await claim(world, kind, "heir"), null);
      clock.advance(1);
      const taken = await claim(world, kind, "heir");
      assert.deepEqual([taken?.job.owner, taken?.job.attempts], ["heir", 2]);
      const late = { jobId: "j", owner: "dead" };
      assert.equal(await store.jobs.heartbeat(scope, { ...late, leaseMs: 1000, progress: "late" }), false);
      assert.equal(await store.jobs.release(scope, { ...late, state: "done", result: "late" }), false);
      const job = await store.jobs.get(scope, "j");
      assert.deepEqual([job?.state, job?.owner, job?.progress, job?.result], ["running", "heir", null, null]);
    },
  },
  {
    name: "an heir is only one, however many want the job",
    async run(world) {
      const kind = newKind();
      const scope = world.tenant();
      await world.store.jobs.create(scope, { jobId: "j", kind, input: null });
      await claim(world, kind, "dead");
      world.clock.advance(1001);
      const claimed = await Promise.all(Array.from({ length: 10 }, (_, worker) => claim(world, kind, `w${worker}`)));
      assert.equal(claimed.filter((one) => one !== null).length, 1);
    },
  },
  {
    name: "a heartbeat writes progress and holds the job longer",
    async run(world) {
      const { store, clock } = world;
      const kind = newKind();
      const scope = world.tenant();
      await store.jobs.create(scope, { jobId: "j", kind, input: null });
      await claim(world, kind, "w");
      clock.advance(900);
      const beat = { jobId: "j", owner: "w", leaseMs: 1000 };
      assert.equal(await store.jobs.heartbeat(scope, { ...beat, progress: { done: 3 } }), true);
      clock.advance(900);
      assert.equal(await claim(world, kind, "other"), null);
      assert.equal(await store.jobs.heartbeat(scope, beat), true);
      assert.deepEqual((await store.jobs.get(scope, "j"))?.progress, { done: 3 });
      assert.equal(await store.jobs.heartbeat(scope, { ...beat, owner: "other" }), false);
    },
  },
  {
    name: "a released job is done, failed, paused or queued again",
    async run(world) {
      const { store, tenant } = world;
      const kind = newKind();
      const scope = tenant();
      await store.jobs.create(scope, { jobId: "j", kind, input: null });
      const release = async (more: Omit<Parameters<typeof store.jobs.release>[1], "jobId" | "owner">) => {
        await claim(world, kind, "w");
        assert.equal(await store.jobs.release(scope, { jobId: "j", owner: "w", ...more }), true);
        return (await store.jobs.get(scope, "j"))!;
      };
      const queued = await release({ state: "queued", progress: 1 });
      assert.deepEqual([queued.state, queued.owner, queued.lease_until, queued.progress], ["queued", null, null, 1]);
      assert.equal((await release({ state: "paused" })).state, "paused");
      assert.equal(await claim(world, kind, "w"), null);
      assert.deepEqual([await store.jobs.resume(scope, "j"), await store.jobs.resume(scope, "j")], [true, false]);
      const failed = await release({ state: "failed", error: "it broke" });
      assert.deepEqual([failed.state, failed.error, failed.attempts], ["failed", "it broke", 3]);
      await store.jobs.create(scope, { jobId: "k", kind, input: null });
      await claim(world, kind, "w");
      const done = { jobId: "k", owner: "w", state: "done", result: { files: 2 } } as const;
      assert.deepEqual([await store.jobs.release(scope, done), await store.jobs.release(scope, done)], [true, false]);
      assert.deepEqual((await store.jobs.get(scope, "k"))?.result, { files: 2 });
      assert.equal(await claim(world, kind, "w"), null);
    },
  },
  {
    name: "a cancelled job stops: queued and paused at once, a running one by losing its lease",
    async run(world) {
      const { store } = world;
      const kind = newKind();
      const scope = world.tenant();
      const create = (jobId: string) => store.jobs.create(scope, { jobId, kind, input: null });
      await create("queued");
      assert.equal(await store.jobs.cancel(scope, "queued"), true);
      assert.equal(await claim(world, kind, "w"), null);
      await create("running");
      await claim(world, kind, "w");
      assert.equal(await store.jobs.cancel(scope, "running"), true);
      const held = { jobId: "running", owner: "w" };
      assert.equal(await store.jobs.heartbeat(scope, { ...held, leaseMs: 1000 }), false);
      assert.equal(await store.jobs.release(scope, { ...held, state: "done" }), false);
      await create("paused");
      await claim(world, kind, "w");
      await store.jobs.release(scope, { jobId: "paused", owner: "w", state: "paused" });
      assert.equal(await store.jobs.cancel(scope, "paused"), true);
      for (const id of ["queued", "running", "paused"]) {
        assert.equal((await store.jobs.get(scope, id))?.state, "cancelled");
        assert.equal(await store.jobs.cancel(scope, id), false);
        assert.equal(await store.jobs.resume(scope, id), false);
      }
      assert.equal(await store.jobs.cancel(scope, "unknown"), false);
    },
  },
  {
    name: "jobs are listed newest first, narrowed by state, page by page",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      for (const jobId of ["a", "b", "c", "d", "e"]) {
        await store.jobs.create(scope, { jobId, kind: newKind(), input: null });
        clock.advance(10);
      }
      await store.jobs.cancel(scope, "b");
      await store.jobs.cancel(scope, "d");
      const list = async (state?: "queued" | "cancelled") =>
        (await allPages((page) => store.jobs.list(scope, { ...page, state }), 2)).map((job) => job.job_id);
      assert.deepEqual(await list(), ["e", "d", "c", "b", "a"]);
      assert.deepEqual(await list("cancelled"), ["d", "b"]);
      assert.deepEqual(await list("queued"), ["e", "c", "a"]);
    },
  },
];
