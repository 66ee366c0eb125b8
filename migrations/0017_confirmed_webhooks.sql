ALTER TABLE `webhooks` ADD `confirmed_at` integer;--> statement-breakpoint
-- Endpoints of earlier releases keep their speed, unless nothing shows that they have ever succeeded.
UPDATE webhooks SET confirmed_at = created_at
WHERE failing_since IS NULL OR EXISTS (
  SELECT 1 FROM deliveries d WHERE d.account_id = webhooks.account_id AND d.webhook_id = webhooks.id AND d.status = 'succeeded');
