CREATE TABLE `user_counters` (
	`account_id` text NOT NULL,
	`role` text NOT NULL,
	`status` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`account_id`, `role`, `status`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
DROP INDEX `users_by_age`;--> statement-breakpoint
CREATE INDEX `users_by_role` ON `users` (`account_id`,`role`,`status`,`created_at`,`id`) WHERE kind = 'person';--> statement-breakpoint
INSERT INTO `user_counters` (`account_id`, `role`, `status`, `count`)
SELECT `account_id`, `role`, `status`, count(*) FROM `users` WHERE `kind` = 'person' GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE TRIGGER `user_counters_insert` AFTER INSERT ON `users` WHEN new.`kind` = 'person' BEGIN
	INSERT INTO `user_counters` (`account_id`, `role`, `status`, `count`)
	VALUES (new.`account_id`, new.`role`, new.`status`, 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `user_counters_update` AFTER UPDATE OF `role`, `status` ON `users`
WHEN new.`kind` = 'person' AND (old.`role` IS NOT new.`role` OR old.`status` IS NOT new.`status`) BEGIN
	UPDATE `user_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `role` = old.`role` AND `status` = old.`status`;
	INSERT INTO `user_counters` (`account_id`, `role`, `status`, `count`)
	VALUES (new.`account_id`, new.`role`, new.`status`, 1)
	ON CONFLICT DO UPDATE SET `count` = `count` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `user_counters_delete` AFTER DELETE ON `users` WHEN old.`kind` = 'person' BEGIN
	UPDATE `user_counters` SET `count` = `count` - 1
	WHERE `account_id` = old.`account_id` AND `role` = old.`role` AND `status` = old.`status`;
END;
