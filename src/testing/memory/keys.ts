import { compareText } from "../../filter/matches.ts";
import type { ApiKey, KeyStore } from "../../ports/key-store.ts";
import type { Scope } from "../../scope.ts";
import { enter, frozen, type State } from "./state.ts";

export function memoryKeys(state: State): KeyStore {
  return {
    async put(key, options) {
      enter(state, options);
      state.keys.set(key.key_id, frozen(key));
    },
    async find(keyId, options) {
      enter(state, options);
      return state.keys.get(keyId) ?? null;
    },
    async list(scope, options) {
      enter(state, options);
      return [...state.keys.values()]
        .filter((key) => key.tenant === scope.tenant)
        .toSorted((a, b) => compareText(a.created_at, b.created_at) || compareText(a.key_id, b.key_id));
    },
    async revoke(scope, keyId, at, options) {
      enter(state, options);
      const key = own(state, scope, keyId);
      if (!key || key.revoked_at !== null) return false;
      state.keys.set(keyId, frozen({ ...key, revoked_at: at }));
      return true;
    },
    async used(scope, keyId, at, options) {
      enter(state, options);
      const key = own(state, scope, keyId);
      if (key) state.keys.set(keyId, frozen({ ...key, last_used_at: at }));
    },
  };
}

function own(state: State, scope: Scope, keyId: string): ApiKey | null {
  const key = state.keys.get(keyId);
  return key?.tenant === scope.tenant ? key : null;
}
