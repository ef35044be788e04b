import assert from "node:assert/strict";
import type { AuditEntry } from "../../ports/key-store.ts";
import type { ContractCase } from "./case.ts";
import { allPages } from "./examples.ts";

const entry = (index: number): AuditEntry => ({
  at: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
  actor: `actor ${index}`,
  action: "documents.delete",
  target: "a",
  outcome: "ok",
  request_id: index % 2 === 0 ? null : `request ${index}`,
});

export const auditCases: readonly ContractCase[] = [
  {
    name: "the audit log is read newest first, page by page, as it was written",
    async run({ store, tenant }) {
      const scope = tenant();
      const entries = Array.from({ length: 7 }, (_, index) => entry(index));
      for (const one of entries) await store.audit.append(scope, one);
      assert.deepEqual(await allPages((page) => store.audit.list(scope, page)), entries.toReversed());
    },
  },
  {
    name: "a page of the audit log is not moved by what is written meanwhile",
    async run({ store, tenant }) {
      const scope = tenant();
      for (const index of [0, 1, 2, 3]) await store.audit.append(scope, entry(index));
      const first = await store.audit.list(scope, { limit: 2 });
      await store.audit.append(scope, entry(4));
      const second = await store.audit.list(scope, { limit: 2, cursor: first.next });
      assert.deepEqual([...first.items, ...second.items], [3, 2, 1, 0].map(entry));
    },
  },
  {
    name: "equal entries are all kept, written at once or not",
    async run({ store, tenant }) {
      const scope = tenant();
      await Promise.all(Array.from({ length: 8 }, () => store.audit.append(scope, entry(1))));
      const kept = await allPages((page) => store.audit.list(scope, page));
      assert.deepEqual(kept, Array(8).fill(entry(1)));
    },
  },
];
