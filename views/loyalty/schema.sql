-- Points by customer, kept row by row; a customer is gone with the last of its rows.
create table loyalty_balance(
    customer_id integer primary key,
    points integer not null,
    orders integer not null
);

create trigger loyalty_points_insert after insert on points
begin
    insert into loyalty_balance(customer_id, points, orders) values (NEW.customer_id, coalesce(NEW.points, 0), 1)
    on conflict(customer_id) do update set points = points + excluded.points, orders = orders + 1;
end;

create trigger loyalty_points_delete after delete on points
begin
    update loyalty_balance set points = points - coalesce(OLD.points, 0), orders = orders - 1 where customer_id = OLD.customer_id;
    delete from loyalty_balance where customer_id = OLD.customer_id and orders = 0;
end;

create trigger loyalty_points_update after update of points on points
when OLD.points is not NEW.points
begin
    update loyalty_balance set points = points + coalesce(NEW.points, 0) - coalesce(OLD.points, 0) where customer_id = NEW.customer_id;
end;
