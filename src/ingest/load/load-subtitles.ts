import type { Loader } from "./loaded-document.ts";
import { unsupported } from "./refusal.ts";

export const loadSubtitles: Loader = ({ name }) => {
  throw unsupported(name, "this version cannot read it");
};
