import type { Position, Shape } from "./filter.ts";

/** Mean radius of the earth in metres (IUGG R1). */
export const earthRadiusMeters = 6_371_008.8;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in metres, by the haversine formula. */
export function distanceMeters(a: Position, b: Position): number {
  const dLat = radians(b.latitude - a.latitude);
  const dLon = radians(b.longitude - a.longitude);
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * earthRadiusMeters * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function isWithin(point: Position, shape: Shape): boolean {
  switch (shape.kind) {
    case "circle":
      return distanceMeters(point, shape.center) <= shape.meters;
    case "box":
      return (
        point.latitude >= shape.south &&
        point.latitude <= shape.north &&
        isBetween(point.longitude, shape.west, shape.east)
      );
    case "polygon":
      return inRing(point, shape.rings[0] ?? []) && !shape.rings.slice(1).some((hole) => inRing(point, hole));
  }
}

const isBetween = (longitude: number, west: number, east: number): boolean =>
  west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;

/** Even-odd rule. */
function inRing(point: Position, ring: readonly Position[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i]!;
    const b = ring[j]!;
    if (a.latitude > point.latitude === b.latitude > point.latitude) continue;
    const crossing =
      ((b.longitude - a.longitude) * (point.latitude - a.latitude)) / (b.latitude - a.latitude) + a.longitude;
    if (point.longitude < crossing) inside = !inside;
  }
  return inside;
}

/** A rectangle in degrees; never crosses the antimeridian. */
export interface Rectangle {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** One or two rectangles that hold the whole shape: what a spatial index is asked before the exact test. */
export function boundingRectangles(shape: Shape): readonly Rectangle[] {
  switch (shape.kind) {
    case "box":
      return splitAtAntimeridian(shape.west, shape.south, shape.east, shape.north);
    case "polygon": {
      const longitudes = (shape.rings[0] ?? []).map((p) => p.longitude);
      const latitudes = (shape.rings[0] ?? []).map((p) => p.latitude);
      return [
        {
          west: Math.min(...longitudes),
          south: Math.min(...latitudes),
          east: Math.max(...longitudes),
          north: Math.max(...latitudes),
        },
      ];
    }
    case "circle":
      return circleRectangles(shape.center, shape.meters);
  }
}

/** Rounding leaves a circle's edge up to a millimetre outside the computed rectangle; this widens it, in degrees. */
const slack = 1e-7;

function circleRectangles(center: Position, meters: number): readonly Rectangle[] {
  const angle = meters / earthRadiusMeters;
  const degrees = (angle * 180) / Math.PI + slack;
  const south = center.latitude - degrees;
  const north = center.latitude + degrees;
  if (south <= -90 || north >= 90) {
    return [{ west: -180, south: Math.max(-90, south), east: 180, north: Math.min(90, north) }];
  }
  const reach = (Math.asin(Math.min(1, Math.sin(angle) / Math.cos(radians(center.latitude)))) * 180) / Math.PI + slack;
  return splitAtAntimeridian(wrap(center.longitude - reach), south, wrap(center.longitude + reach), north);
}

const wrap = (longitude: number): number =>
  longitude < -180 ? longitude + 360 : longitude > 180 ? longitude - 360 : longitude;

const splitAtAntimeridian = (west: number, south: number, east: number, north: number): readonly Rectangle[] =>
  west <= east
    ? [{ west, south, east, north }]
    : [
        { west, south, east: 180, north },
        { west: -180, south, east, north },
      ];
