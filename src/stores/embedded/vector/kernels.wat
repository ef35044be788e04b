;; Scans of vector codes, and sums of scores. "table" holds the codes and is shared by all threads; "scratch" belongs to one thread and
;; holds the query, the bitmap of allowed rows and the results. Rows are handled in groups of four; the memories must
;; reach to the end of the last group. `compile-kernels` turns this file into kernels.ts.
(module
  (import "env" "table" (memory $table 0 65536 shared))
  (import "env" "scratch" (memory $scratch 0))

  ;; Cosines of int8 rows with a query.
  ;; A row: `length` bytes of codes (a multiple of 32), and a float32 scale at `scaleAt`; rows lie `stride` bytes apart.
  ;; The query: `length` int16. Results: float32 per row, -Infinity where the row is not allowed or has scale 0.
  ;; At `moments`: float64 sum and sum of squares over the rows that have a result, then their number as int32.
  (func (export "scanCodes")
    (param $rows i32) (param $stride i32) (param $length i32) (param $scaleAt i32)
    (param $query i32) (param $queryScale f32) (param $allowed i32) (param $scores i32) (param $moments i32)
    (local $row i32) (local $bits i32) (local $count i32)
    (local $p0 i32) (local $p1 i32) (local $p2 i32) (local $p3 i32) (local $q i32) (local $qEnd i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $even v128) (local $odd v128)
    (local $scales v128) (local $mask v128) (local $score v128) (local $wide v128) (local $grid v128)
    (local $sum v128) (local $squares v128)
    ;; Adding and taking away 1.5 * 2^22 rounds to a multiple of 2^-30, so that the sums are exact in any order.
    (local.set $grid (f64x2.splat (f64.const 6291456)))
    (local.set $qEnd (i32.add (local.get $query) (i32.shl (local.get $length) (i32.const 1))))
    (block $done
      (loop $group
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $bits
          (i32.and
            (i32.shr_u
              (i32.load8_u $scratch (i32.add (local.get $allowed) (i32.shr_u (local.get $row) (i32.const 3))))
              (i32.and (local.get $row) (i32.const 4)))
            (i32.const 15)))
        (if (i32.eqz (local.get $bits))
          (then
            (v128.store $scratch
              (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 2)))
              (v128.const f32x4 -inf -inf -inf -inf)))
          (else
            (local.set $p0 (i32.mul (local.get $row) (local.get $stride)))
            (local.set $p1 (i32.add (local.get $p0) (local.get $stride)))
            (local.set $p2 (i32.add (local.get $p1) (local.get $stride)))
            (local.set $p3 (i32.add (local.get $p2) (local.get $stride)))
            (local.set $scales
              (v128.load32_lane $table 3
                (i32.add (local.get $p3) (local.get $scaleAt))
                (v128.load32_lane $table 2
                  (i32.add (local.get $p2) (local.get $scaleAt))
                  (v128.load32_lane $table 1
                    (i32.add (local.get $p1) (local.get $scaleAt))
                    (v128.load32_zero $table (i32.add (local.get $p0) (local.get $scaleAt)))))))
            ;; One row after the other: memory is read in its order, which is worth more than reusing the query. A row that
            ;; is not allowed is not read.
            (local.set $even (v128.const i32x4 0 0 0 0))
            (local.set $odd (v128.const i32x4 0 0 0 0))
            (local.set $q (local.get $query))
            (if (i32.and (local.get $bits) (i32.const 1))
              (then
                (loop $block0
                  (local.set $even
                    (i32x4.add
                      (i32x4.add (local.get $even)
                        (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p0)) (v128.load $scratch (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=8 (local.get $p0)) (v128.load $scratch offset=16 (local.get $q)))))
                  (local.set $odd
                    (i32x4.add
                      (i32x4.add (local.get $odd)
                        (i32x4.dot_i16x8_s
                          (v128.load8x8_s $table offset=16 (local.get $p0)) (v128.load $scratch offset=32 (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=24 (local.get $p0)) (v128.load $scratch offset=48 (local.get $q)))))
                  (local.set $p0 (i32.add (local.get $p0) (i32.const 32)))
                  (local.tee $q (i32.add (local.get $q) (i32.const 64)))
                  (br_if $block0 (i32.lt_u (local.get $qEnd))))))
            (local.set $s0 (i32x4.add (local.get $even) (local.get $odd)))
            (local.set $even (v128.const i32x4 0 0 0 0))
            (local.set $odd (v128.const i32x4 0 0 0 0))
            (local.set $q (local.get $query))
            (if (i32.and (local.get $bits) (i32.const 2))
              (then
                (loop $block1
                  (local.set $even
                    (i32x4.add
                      (i32x4.add (local.get $even)
                        (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p1)) (v128.load $scratch (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=8 (local.get $p1)) (v128.load $scratch offset=16 (local.get $q)))))
                  (local.set $odd
                    (i32x4.add
                      (i32x4.add (local.get $odd)
                        (i32x4.dot_i16x8_s
                          (v128.load8x8_s $table offset=16 (local.get $p1)) (v128.load $scratch offset=32 (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=24 (local.get $p1)) (v128.load $scratch offset=48 (local.get $q)))))
                  (local.set $p1 (i32.add (local.get $p1) (i32.const 32)))
                  (local.tee $q (i32.add (local.get $q) (i32.const 64)))
                  (br_if $block1 (i32.lt_u (local.get $qEnd))))))
            (local.set $s1 (i32x4.add (local.get $even) (local.get $odd)))
            (local.set $even (v128.const i32x4 0 0 0 0))
            (local.set $odd (v128.const i32x4 0 0 0 0))
            (local.set $q (local.get $query))
            (if (i32.and (local.get $bits) (i32.const 4))
              (then
                (loop $block2
                  (local.set $even
                    (i32x4.add
                      (i32x4.add (local.get $even)
                        (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p2)) (v128.load $scratch (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=8 (local.get $p2)) (v128.load $scratch offset=16 (local.get $q)))))
                  (local.set $odd
                    (i32x4.add
                      (i32x4.add (local.get $odd)
                        (i32x4.dot_i16x8_s
                          (v128.load8x8_s $table offset=16 (local.get $p2)) (v128.load $scratch offset=32 (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=24 (local.get $p2)) (v128.load $scratch offset=48 (local.get $q)))))
                  (local.set $p2 (i32.add (local.get $p2) (i32.const 32)))
                  (local.tee $q (i32.add (local.get $q) (i32.const 64)))
                  (br_if $block2 (i32.lt_u (local.get $qEnd))))))
            (local.set $s2 (i32x4.add (local.get $even) (local.get $odd)))
            (local.set $even (v128.const i32x4 0 0 0 0))
            (local.set $odd (v128.const i32x4 0 0 0 0))
            (local.set $q (local.get $query))
            (if (i32.and (local.get $bits) (i32.const 8))
              (then
                (loop $block3
                  (local.set $even
                    (i32x4.add
                      (i32x4.add (local.get $even)
                        (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p3)) (v128.load $scratch (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=8 (local.get $p3)) (v128.load $scratch offset=16 (local.get $q)))))
                  (local.set $odd
                    (i32x4.add
                      (i32x4.add (local.get $odd)
                        (i32x4.dot_i16x8_s
                          (v128.load8x8_s $table offset=16 (local.get $p3)) (v128.load $scratch offset=32 (local.get $q))))
                      (i32x4.dot_i16x8_s
                        (v128.load8x8_s $table offset=24 (local.get $p3)) (v128.load $scratch offset=48 (local.get $q)))))
                  (local.set $p3 (i32.add (local.get $p3) (i32.const 32)))
                  (local.tee $q (i32.add (local.get $q) (i32.const 64)))
                  (br_if $block3 (i32.lt_u (local.get $qEnd))))))
            (local.set $s3 (i32x4.add (local.get $even) (local.get $odd)))
            ;; Four sums of four lanes become four lanes.
            (local.set $s0
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1))
                (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1))))
            (local.set $s2
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3))
                (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3))))
            (local.set $s0
              (i32x4.add
                (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
                (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))
            (local.set $score
              (f32x4.mul
                (f32x4.mul (f32x4.convert_i32x4_s (local.get $s0)) (local.get $scales))
                (f32x4.splat (local.get $queryScale))))
            (local.set $mask
              (v128.and
                (i32x4.ne
                  (v128.and (i32x4.splat (local.get $bits)) (v128.const i32x4 1 2 4 8))
                  (v128.const i32x4 0 0 0 0))
                (f32x4.ne (local.get $scales) (v128.const f32x4 0 0 0 0))))
            (v128.store $scratch
              (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 2)))
              (v128.bitselect
                (local.get $score) (v128.const f32x4 -inf -inf -inf -inf) (local.get $mask)))
            (local.set $count
              (i32.add (local.get $count) (i32.popcnt (i32x4.bitmask (local.get $mask)))))
            (local.set $score (v128.and (local.get $score) (local.get $mask)))
            (local.set $wide (f64x2.promote_low_f32x4 (local.get $score)))
            (local.set $sum
              (f64x2.add (local.get $sum)
                (f64x2.sub (f64x2.add (local.get $wide) (local.get $grid)) (local.get $grid))))
            (local.set $squares
              (f64x2.add (local.get $squares)
                (f64x2.sub
                  (f64x2.add (f64x2.mul (local.get $wide) (local.get $wide)) (local.get $grid))
                  (local.get $grid))))
            (local.set $wide
              (f64x2.promote_low_f32x4
                (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $score) (local.get $score))))
            (local.set $sum
              (f64x2.add (local.get $sum)
                (f64x2.sub (f64x2.add (local.get $wide) (local.get $grid)) (local.get $grid))))
            (local.set $squares
              (f64x2.add (local.get $squares)
                (f64x2.sub
                  (f64x2.add (f64x2.mul (local.get $wide) (local.get $wide)) (local.get $grid))
                  (local.get $grid))))))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $group)))
    (f64.store $scratch (local.get $moments)
      (f64.add (f64x2.extract_lane 0 (local.get $sum)) (f64x2.extract_lane 1 (local.get $sum))))
    (f64.store $scratch offset=8 (local.get $moments)
      (f64.add (f64x2.extract_lane 0 (local.get $squares)) (f64x2.extract_lane 1 (local.get $squares))))
    (i32.store $scratch offset=16 (local.get $moments) (local.get $count)))

  ;; The same cosines for the rows of a list alone: `count` int32 at `list`, a multiple of four, results in their order.
  ;; Four rows go side by side: they lie far apart, and so their memory is waited for at one time.
  (func (export "scanListed")
    (param $count i32) (param $stride i32) (param $length i32) (param $scaleAt i32)
    (param $query i32) (param $queryScale f32) (param $list i32) (param $scores i32)
    (local $listEnd i32) (local $p0 i32) (local $p1 i32) (local $p2 i32) (local $p3 i32) (local $q i32) (local $qEnd i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $a v128) (local $b v128)
    (local $scales v128)
    (local.set $qEnd (i32.add (local.get $query) (i32.shl (local.get $length) (i32.const 1))))
    (local.set $listEnd (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $list) (local.get $listEnd)))
        (local.set $p0 (i32.mul (i32.load $scratch (local.get $list)) (local.get $stride)))
        (local.set $p1 (i32.mul (i32.load $scratch offset=4 (local.get $list)) (local.get $stride)))
        (local.set $p2 (i32.mul (i32.load $scratch offset=8 (local.get $list)) (local.get $stride)))
        (local.set $p3 (i32.mul (i32.load $scratch offset=12 (local.get $list)) (local.get $stride)))
        (local.set $scales
          (v128.load32_lane $table 3
            (i32.add (local.get $p3) (local.get $scaleAt))
            (v128.load32_lane $table 2
              (i32.add (local.get $p2) (local.get $scaleAt))
              (v128.load32_lane $table 1
                (i32.add (local.get $p1) (local.get $scaleAt))
                (v128.load32_zero $table (i32.add (local.get $p0) (local.get $scaleAt)))))))
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $s1 (v128.const i32x4 0 0 0 0))
        (local.set $s2 (v128.const i32x4 0 0 0 0))
        (local.set $s3 (v128.const i32x4 0 0 0 0))
        (local.set $q (local.get $query))
        (loop $block
          (local.set $a (v128.load $scratch (local.get $q)))
          (local.set $b (v128.load $scratch offset=16 (local.get $q)))
          (local.set $s0
            (i32x4.add
              (i32x4.add (local.get $s0)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p0)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=8 (local.get $p0)) (local.get $b))))
          (local.set $s1
            (i32x4.add
              (i32x4.add (local.get $s1)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p1)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=8 (local.get $p1)) (local.get $b))))
          (local.set $s2
            (i32x4.add
              (i32x4.add (local.get $s2)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p2)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=8 (local.get $p2)) (local.get $b))))
          (local.set $s3
            (i32x4.add
              (i32x4.add (local.get $s3)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table (local.get $p3)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=8 (local.get $p3)) (local.get $b))))
          (local.set $a (v128.load $scratch offset=32 (local.get $q)))
          (local.set $b (v128.load $scratch offset=48 (local.get $q)))
          (local.set $s0
            (i32x4.add
              (i32x4.add (local.get $s0)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=16 (local.get $p0)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=24 (local.get $p0)) (local.get $b))))
          (local.set $s1
            (i32x4.add
              (i32x4.add (local.get $s1)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=16 (local.get $p1)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=24 (local.get $p1)) (local.get $b))))
          (local.set $s2
            (i32x4.add
              (i32x4.add (local.get $s2)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=16 (local.get $p2)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=24 (local.get $p2)) (local.get $b))))
          (local.set $s3
            (i32x4.add
              (i32x4.add (local.get $s3)
                (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=16 (local.get $p3)) (local.get $a)))
              (i32x4.dot_i16x8_s (v128.load8x8_s $table offset=24 (local.get $p3)) (local.get $b))))
          (local.set $p0 (i32.add (local.get $p0) (i32.const 32)))
          (local.set $p1 (i32.add (local.get $p1) (i32.const 32)))
          (local.set $p2 (i32.add (local.get $p2) (i32.const 32)))
          (local.set $p3 (i32.add (local.get $p3) (i32.const 32)))
          (local.tee $q (i32.add (local.get $q) (i32.const 64)))
          (br_if $block (i32.lt_u (local.get $qEnd))))
        ;; Transposed and added: the four sums in the order of the rows.
        (local.set $s0
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1))))
        (local.set $s2
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3))))
        (local.set $s0
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))
        (v128.store $scratch (local.get $scores)
          (v128.bitselect
            (v128.const f32x4 -inf -inf -inf -inf)
            (f32x4.mul
              (f32x4.mul (f32x4.convert_i32x4_s (local.get $s0)) (local.get $scales))
              (f32x4.splat (local.get $queryScale)))
            (f32x4.eq (local.get $scales) (v128.const f32x4 0 0 0 0))))
        (local.set $list (i32.add (local.get $list) (i32.const 16)))
        (local.set $scores (i32.add (local.get $scores) (i32.const 16)))
        (br $next))))

  ;; What float32 scores, none below zero, come to: `blocks` of 256 from address 0 on. At `peaks` the best of each block; at
  ;; `sums` float64: sum and rest, sum of squares and rest, then int32: the number above zero. Each value is split at
  ;; 2^-20 by adding and taking away `coarse`, its rest at 2^-46 by `fine`, so that the sums are exact in any order.
  (func (export "sumScores")
    (param $blocks i32) (param $peaks i32) (param $sums i32)
    (local $at i32) (local $end i32) (local $scores v128) (local $x v128) (local $y v128) (local $square v128)
    (local $part v128) (local $sum v128) (local $sumRest v128) (local $squares v128) (local $squaresRest v128)
    (local $above v128) (local $peak v128) (local $coarse v128) (local $fine v128)
    (local.set $coarse (f64x2.splat (f64.const 6442450944)))
    (local.set $fine (f64x2.splat (f64.const 96)))
    (block $done
      (loop $block
        (br_if $done (i32.eqz (local.get $blocks)))
        (local.set $peak (v128.const f32x4 0 0 0 0))
        (local.set $end (i32.add (local.get $at) (i32.const 1024)))
        (loop $four
          (local.set $scores (v128.load $scratch (local.get $at)))
          (local.set $peak (f32x4.pmax (local.get $peak) (local.get $scores)))
          (local.set $above
            (i32x4.sub (local.get $above) (f32x4.gt (local.get $scores) (v128.const f32x4 0 0 0 0))))
          (local.set $x (f64x2.promote_low_f32x4 (local.get $scores)))
          (local.set $y
            (f64x2.promote_low_f32x4
              (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $scores) (local.get $scores))))
          (local.set $square (f64x2.mul (local.get $x) (local.get $x)))
          (local.set $part (f64x2.sub (f64x2.add (local.get $x) (local.get $coarse)) (local.get $coarse)))
          (local.set $sum (f64x2.add (local.get $sum) (local.get $part)))
          (local.set $sumRest
            (f64x2.add (local.get $sumRest)
              (f64x2.sub
                (f64x2.add (f64x2.sub (local.get $x) (local.get $part)) (local.get $fine)) (local.get $fine))))
          (local.set $part (f64x2.sub (f64x2.add (local.get $square) (local.get $coarse)) (local.get $coarse)))
          (local.set $squares (f64x2.add (local.get $squares) (local.get $part)))
          (local.set $squaresRest
            (f64x2.add (local.get $squaresRest)
              (f64x2.sub
                (f64x2.add (f64x2.sub (local.get $square) (local.get $part)) (local.get $fine)) (local.get $fine))))
          (local.set $square (f64x2.mul (local.get $y) (local.get $y)))
          (local.set $part (f64x2.sub (f64x2.add (local.get $y) (local.get $coarse)) (local.get $coarse)))
          (local.set $sum (f64x2.add (local.get $sum) (local.get $part)))
          (local.set $sumRest
            (f64x2.add (local.get $sumRest)
              (f64x2.sub
                (f64x2.add (f64x2.sub (local.get $y) (local.get $part)) (local.get $fine)) (local.get $fine))))
          (local.set $part (f64x2.sub (f64x2.add (local.get $square) (local.get $coarse)) (local.get $coarse)))
          (local.set $squares (f64x2.add (local.get $squares) (local.get $part)))
          (local.set $squaresRest
            (f64x2.add (local.get $squaresRest)
              (f64x2.sub
                (f64x2.add (f64x2.sub (local.get $square) (local.get $part)) (local.get $fine)) (local.get $fine))))
          (br_if $four (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        (local.set $peak
          (f32x4.pmax (local.get $peak)
            (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $peak) (local.get $peak))))
        (f32.store $scratch (local.get $peaks)
          (f32.max (f32x4.extract_lane 0 (local.get $peak)) (f32x4.extract_lane 1 (local.get $peak))))
        (local.set $peaks (i32.add (local.get $peaks) (i32.const 4)))
        (local.set $blocks (i32.sub (local.get $blocks) (i32.const 1)))
        (br $block)))
    (f64.store $scratch (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $sum)) (f64x2.extract_lane 1 (local.get $sum))))
    (f64.store $scratch offset=8 (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $sumRest)) (f64x2.extract_lane 1 (local.get $sumRest))))
    (f64.store $scratch offset=16 (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $squares)) (f64x2.extract_lane 1 (local.get $squares))))
    (f64.store $scratch offset=24 (local.get $sums)
      (f64.add (f64x2.extract_lane 0 (local.get $squaresRest)) (f64x2.extract_lane 1 (local.get $squaresRest))))
    (i32.store $scratch offset=32 (local.get $sums)
      (i32.add
        (i32.add (i32x4.extract_lane 0 (local.get $above)) (i32x4.extract_lane 1 (local.get $above)))
        (i32.add (i32x4.extract_lane 2 (local.get $above)) (i32x4.extract_lane 3 (local.get $above))))))

  ;; Hamming distances of rows of bits to a query of bits. A row: `length` bytes, a multiple of 16. Results: uint16 per
  ;; row, 65535 where the row is not allowed.
  (func (export "scanBits")
    (param $rows i32) (param $length i32) (param $query i32) (param $allowed i32) (param $distances i32)
    (local $row i32) (local $bits i32) (local $at i32) (local $q i32) (local $qEnd i32) (local $sum i64)
    (local.set $qEnd (i32.add (local.get $query) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $bits
          (i32.load8_u $scratch (i32.add (local.get $allowed) (i32.shr_u (local.get $row) (i32.const 3)))))
        (if (i32.and (i32.shr_u (local.get $bits) (i32.and (local.get $row) (i32.const 7))) (i32.const 1))
          (then
            (local.set $sum (i64.const 0))
            (local.set $at (i32.mul (local.get $row) (local.get $length)))
            (local.set $q (local.get $query))
            (loop $block
              (local.set $sum
                (i64.add (local.get $sum)
                  (i64.add
                    (i64.popcnt
                      (i64.xor (i64.load $table (local.get $at)) (i64.load $scratch (local.get $q))))
                    (i64.popcnt
                      (i64.xor
                        (i64.load $table offset=8 (local.get $at))
                        (i64.load $scratch offset=8 (local.get $q)))))))
              (local.set $at (i32.add (local.get $at) (i32.const 16)))
              (local.tee $q (i32.add (local.get $q) (i32.const 16)))
              (br_if $block (i32.lt_u (local.get $qEnd))))
            (i32.store16 $scratch
              (i32.add (local.get $distances) (i32.shl (local.get $row) (i32.const 1)))
              (i32.wrap_i64 (local.get $sum))))
          (else
            (i32.store16 $scratch
              (i32.add (local.get $distances) (i32.shl (local.get $row) (i32.const 1)))
              (i32.const 65535))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next)))))
