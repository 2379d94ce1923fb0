-- Rows that come by the stream, whose values come otherwise than by snapshot: each row anew, and some that change.
update numbers set small = small where true;
update times set day = day where true;
update texts set plain = plain where true;
update arrays set whole = whole where true;
update by_bytes set n = n + 1;
update by_real set n = n + 1;
update parts set region = case region when 'eu' then 'us' else 'eu' end where id % 3 = 0;
update sales.by_time set amount = amount + 0.5;
update big set n = n + 1;
update by_span set n = n + 1;
