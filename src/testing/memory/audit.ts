import type { AuditLog } from "../../ports/key-store.ts";
import { pageOf } from "./paging.ts";
import { enter, frozen, tenantOf, type State } from "./state.ts";

export function memoryAudit(state: State): AuditLog {
  return {
    async append(scope, entry, options) {
      enter(state, options);
      tenantOf(state, scope).audit.push(frozen(entry));
    },
    async list(scope, request, options) {
      enter(state, options);
      const numbered = tenantOf(state, scope).audit.map((entry, index) => ({ entry, index }));
      const page = pageOf(
        numbered.toReversed(),
        request,
        "audit",
        ({ index }) => [index],
        ([a], [b]) => Number(b) - Number(a),
      );
      return { items: page.items.map(({ entry }) => entry), next: page.next };
    },
  };
}
