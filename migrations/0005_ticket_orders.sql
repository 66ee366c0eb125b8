DROP INDEX `tickets_by_priority`;--> statement-breakpoint
DROP INDEX `tickets_by_status`;--> statement-breakpoint
DROP INDEX `tickets_by_assignee`;--> statement-breakpoint
DROP INDEX `tickets_by_creator`;--> statement-breakpoint
DROP INDEX `tickets_by_created`;--> statement-breakpoint
DROP INDEX `tickets_by_updated`;--> statement-breakpoint
CREATE INDEX `tickets_by_status_created` ON `tickets` (`account_id`,`status`,`priority_rank`,`created_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_status_updated` ON `tickets` (`account_id`,`status`,`priority_rank`,`updated_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_assignee_created` ON `tickets` (`account_id`,`assigned_to`,`status`,`priority_rank`,`created_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_assignee_updated` ON `tickets` (`account_id`,`assigned_to`,`status`,`priority_rank`,`updated_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_creator_created` ON `tickets` (`account_id`,`created_by`,`status`,`priority_rank`,`created_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_creator_updated` ON `tickets` (`account_id`,`created_by`,`status`,`priority_rank`,`updated_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_created` ON `tickets` (`account_id`,`created_at`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_by_updated` ON `tickets` (`account_id`,`updated_at`,`number`);