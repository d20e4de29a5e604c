-- What must hold in a finished catalogue. Each query names the rows that break its rule, in one text column, and none may
-- return any. The loader refuses to publish a catalogue in which one does.

-- check: every plan sold is an on-exchange plan of the same product
SELECT plan.plan_id || ' in county ' || sold.county_fips FROM sold JOIN plan USING (plan_pk)
WHERE plan.on_exchange <> 1 OR plan.product <> sold.product LIMIT 5;

-- check: the metal beside each sale is the plan's, and keys leave room for their parts
SELECT plan.plan_id || ' in county ' || sold.county_fips FROM sold JOIN plan USING (plan_pk)
WHERE sold.metal <> plan.metal OR plan.plan_pk >= 1048576 LIMIT 5;

-- check: every plan sold has an on-exchange variant (01)
SELECT plan.plan_id FROM plan
WHERE plan_pk IN (SELECT plan_pk FROM sold) AND NOT EXISTS (
    SELECT 1 FROM variant WHERE variant.plan_pk = plan.plan_pk AND variant.variant_code = 1) LIMIT 5;

-- check: every plan sold in a county has rates in each rating area of that county
WITH area_of (county_fips, rating_area_pk) AS MATERIALIZED (
    SELECT county_fips, rating_area_pk FROM rating_area_place WHERE county_fips IS NOT NULL
    UNION
    SELECT county.county_fips, place.rating_area_pk
    FROM county JOIN zip_county USING (county_fips)
    JOIN rating_area_place AS place ON place.state = county.state AND place.zip3 = zip_county.zip / 100
    WHERE county.county_fips NOT IN (SELECT county_fips FROM rating_area_place WHERE county_fips IS NOT NULL)
)
SELECT plan.plan_id || ' in county ' || sold.county_fips
FROM sold JOIN plan USING (plan_pk) LEFT JOIN area_of USING (county_fips)
LEFT JOIN rate ON rate.rating_area_pk = area_of.rating_area_pk AND rate.plan_pk = sold.plan_pk
WHERE sold.by_zip = 0 AND rate.plan_pk IS NULL LIMIT 5;

-- check: every plan sold in part of a county has ZIP codes there, each of them with rates
SELECT plan.plan_id || ' in county ' || sold.county_fips || ' ZIP ' || coalesce(sold_zip.zip, 'none')
FROM sold JOIN plan USING (plan_pk)
LEFT JOIN sold_zip ON sold_zip.county_fips = sold.county_fips AND sold_zip.plan_pk = sold.plan_pk
WHERE sold.by_zip = 1 AND (sold_zip.zip IS NULL OR NOT EXISTS (
    SELECT 1 FROM rating_area_place AS place JOIN rate USING (rating_area_pk)
    WHERE rate.plan_pk = sold.plan_pk AND (
        place.county_fips = sold.county_fips
        OR (place.state = (SELECT state FROM county WHERE county.county_fips = sold.county_fips)
            AND place.zip3 = sold_zip.zip / 100)))) LIMIT 5;

-- check: every ZIP code a plan is sold in reaches into that county
SELECT plan_pk || ' in county ' || county_fips || ' ZIP ' || zip FROM sold_zip
WHERE NOT EXISTS (SELECT 1 FROM zip_county AS place
    WHERE place.zip = sold_zip.zip AND place.county_fips = sold_zip.county_fips)
   OR NOT EXISTS (SELECT 1 FROM sold AS s
    WHERE s.county_fips = sold_zip.county_fips AND s.plan_pk = sold_zip.plan_pk AND s.by_zip = 1) LIMIT 5;

-- check: every plan has a variant, and every variant the words of the plan page
SELECT plan_id FROM plan WHERE plan_pk NOT IN (SELECT plan_pk FROM variant)
UNION ALL
SELECT plan_id || ' variant ' || variant_code FROM variant JOIN plan USING (plan_pk)
LEFT JOIN variant_detail AS detail USING (plan_pk, variant_code) WHERE detail.plan_pk IS NULL LIMIT 5;

-- check: metal levels fit the product, and dental levels are for dental plans only
SELECT plan_id || ' metal ' || variant.metal FROM variant JOIN plan USING (plan_pk)
WHERE variant.metal NOT BETWEEN 1 AND 8 OR (variant.metal >= 7) <> (variant.product = 1)
   OR variant.product <> plan.product LIMIT 5;

-- check: cost-sharing reductions (04, 05, 06) are silver only
SELECT plan_id || ' variant ' || variant_code FROM variant JOIN plan USING (plan_pk)
WHERE variant_code BETWEEN 4 AND 6 AND variant.metal <> 4 LIMIT 5;

-- check: what filters ask keeps to its codes
SELECT plan_pk || ' variant ' || variant_code FROM variant
WHERE stars NOT BETWEEN 0 AND 5 OR programs NOT BETWEEN 0 AND 511 OR plan_type NOT BETWEEN 1 AND 6
   OR standard_design NOT IN (0, 1) OR hsa NOT IN (0, 1) OR national NOT IN (0, 1) OR referral_free NOT IN (0, 1)
   OR is_new NOT IN (0, 1) OR child_dental NOT IN (0, 1) OR adult_dental NOT IN (0, 1) LIMIT 5;

-- check: a plan is sold to children only if it was filed so
SELECT plan_id || ' in county ' || county_fips FROM sold JOIN plan USING (plan_pk)
WHERE sold.child_only <> (plan.child_only = 'child') LIMIT 5;

-- check: the share of essential health benefits is a share
SELECT plan_pk || ' variant ' || variant_code FROM variant WHERE ehb_ppm NOT BETWEEN 0 AND 1000000 LIMIT 5;

-- check: a medical plan sold to adults costs something at every age
SELECT plan_id || ' in rating area ' || rating_area_pk FROM rate JOIN plan USING (plan_pk)
WHERE plan.product = 0 AND plan.child_only <> 'child' AND (a14 <= 0 OR a21 <= 0 OR a64 <= 0) LIMIT 5;

-- check: each place lies in one rating area
SELECT state || ' ' || coalesce(county_fips, zip3) FROM rating_area_place GROUP BY state, county_fips, zip3
HAVING count(*) > 1 LIMIT 5;

-- check: every county in which plans are sold has a ZIP code
SELECT county_fips FROM sold WHERE county_fips NOT IN (SELECT county_fips FROM zip_county) LIMIT 5;

-- check: the catalogue says what it is
SELECT wanted.column1 FROM (VALUES ('schema_version'), ('plan_year'), ('built_at'), ('hash'), ('rates_provenance')) AS wanted
WHERE wanted.column1 NOT IN (SELECT key FROM meta);

-- check: prices are filed, illustrative or invented
SELECT value FROM meta WHERE key = 'rates_provenance' AND value NOT IN ('filed', 'illustrative', 'invented');

-- check: something is sold
SELECT 'nothing is sold in any county' WHERE NOT EXISTS (SELECT 1 FROM sold);

-- check: every reference leads somewhere
SELECT "table" || ' row leads to no ' || parent FROM pragma_foreign_key_check LIMIT 5;

-- check: the file is sound
SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok' LIMIT 5;

-- warn: counties where medical plans are sold but no silver plan, so that no benchmark can be found
SELECT county.name || ', ' || county.state FROM county
WHERE county_fips IN (SELECT county_fips FROM sold WHERE product = 0) AND county_fips NOT IN (
    SELECT county_fips FROM sold WHERE metal = 4) LIMIT 5;

-- warn: medical plans sold without a variant of the cost-sharing reductions (45 CFR 156.420): their standard one is shown
SELECT plan.plan_id || ' variant 0' || wanted.code FROM plan
JOIN (SELECT 2 AS code UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6) AS wanted
    ON wanted.code <= 3 OR plan.metal = 4
WHERE plan.product = 0 AND plan.metal <> 1 AND plan.plan_pk IN (SELECT plan_pk FROM sold)
  AND NOT EXISTS (SELECT 1 FROM variant WHERE variant.variant_pk = plan.plan_pk * 8 + wanted.code) LIMIT 5;
