/** Places that links lead to, found by their address. */
export const m002 = `
CREATE INDEX passage_anchors ON passage_links (tenant, target) WHERE kind = 'anchor';
`;
