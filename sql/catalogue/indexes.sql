-- Made last, when the tables are full: a sorted build is faster and denser than keeping them up to date.
CREATE INDEX zip_county_by_county ON zip_county (county_fips);
CREATE INDEX rating_area_place_by_county ON rating_area_place (county_fips, rating_area_pk);
CREATE INDEX rating_area_place_by_zip3 ON rating_area_place (state, zip3, rating_area_pk);
CREATE INDEX county_by_state ON county (state);
CREATE INDEX plan_by_issuer ON plan (issuer_id);
CREATE INDEX sold_by_plan ON sold (plan_pk, county_fips);
CREATE INDEX crosswalk_by_previous ON crosswalk (previous_plan_id, county_fips, zip);
CREATE INDEX business_rule_by_issuer ON business_rule (issuer_id, product_id, plan_id);
