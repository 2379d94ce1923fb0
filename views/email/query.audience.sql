select id as customer_id, email, full_name, loyalty_tier
from customers
where marketing_opt_in
order by id
