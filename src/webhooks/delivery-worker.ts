import pLimit from 'p-limit'
import { type Bindings, configOf } from '../core/config'
import { openDirectory } from '../db/client'
import { retryTransient } from '../lib/retry'
import { MINUTE, SECOND } from '../lib/time'
import { BATCH_DURATION, deliverBatch, type LeasedBatch } from './deliver-batch'
import { type LeaseRequest, leaseWebhooks, quotaWindowAt, revertLeases } from './lease.queries'

/** An invocation may have six connections open: one is left to D1. */
const MAX_CONCURRENT_FETCHES = 5
const MAX_CONCURRENT_SLOW_BATCHES = 2

const LEASE_MARGIN = 10 * SECOND

/** A run leases no batch after this, so that the queue's next messages are consumed. */
const RUN_DURATION = 5 * SECOND

/** A delivery that is due within this time is waited for. */
const MAX_WAIT = SECOND

/** An account's deliveries per minute, as a multiple of its requests per minute. */
const DELIVERIES_PER_REQUEST = 10

/**
 * Sends the due deliveries of all accounts in leased batches, with at most five concurrent requests. If D1 fails, the
 * leases expire, and another worker takes over.
 */
export class DeliveryWorker {
  private readonly running = new Map<Promise<void>, LeasedBatch>()
  private readonly fetchLimit = pLimit(MAX_CONCURRENT_FETCHES)
  private isStopped = false

  /** `onBatchEnd` gets the time (ms) of the next delivery to the webhook of the batch, null for none. */
  constructor(
    private readonly env: Bindings,
    private readonly onBatchEnd: (nextAt: number | null) => void,
  ) {}

  /**
   * Delivers until nothing is due, time is up or `stop` is called, and waits for the batches that are running. Returns when
   * (ms) to run again, null if nothing is left. Throws `DbError`.
   */
  async run(): Promise<number | null> {
    const deadline = Date.now() + RUN_DURATION
    let foundWork = true
    try {
      while (!this.isStopped && Date.now() < deadline) {
        if (this.isFull()) {
          await this.nextBatchEnd()
          continue
        }
        const leasedAt = Date.now()
        const { batches, nextAt } = await this.leaseBatches(leasedAt)
        for (const batch of batches) this.start(batch)
        foundWork = batches.length > 0
        if (foundWork) continue
        if (this.running.size > 0) await this.nextBatchEnd()
        else if (isDueSoon(nextAt, leasedAt)) await sleepUntil(nextAt)
        else return whenQuotaRenews(nextAt, leasedAt)
      }
      return this.isStopped && !foundWork ? null : Date.now()
    } finally {
      await Promise.allSettled(this.running.keys())
    }
  }

  /** Makes `run` lease no further batches. */
  stop(): void {
    this.isStopped = true
  }

  /** Whether it cannot lease another batch at the moment. */
  isFull(): boolean {
    return this.running.size >= MAX_CONCURRENT_FETCHES
  }

  private start(batch: LeasedBatch): void {
    const delivered = deliverBatch(this.env, batch, this.fetchLimit).then(this.onBatchEnd)
    const ended = delivered.finally(() => this.running.delete(ended))
    ended.catch(() => undefined)
    this.running.set(ended, batch)
  }

  private nextBatchEnd(): Promise<void> {
    return Promise.race(this.running.keys())
  }

  private async leaseBatches(now: number): Promise<{ batches: LeasedBatch[]; nextAt: number | null }> {
    const { rateLimits, webhooks } = configOf(this.env)
    const running = [...this.running.values()]
    const slow = running.filter(({ webhook }) => webhook.is_slow === 1)
    const { leaseId, leased, deliveries, next } = await this.lease({
      leaseUntil: now + BATCH_DURATION + webhooks.timeoutMs + LEASE_MARGIN,
      atMost: MAX_CONCURRENT_FETCHES - running.length,
      slowAtMost: MAX_CONCURRENT_SLOW_BATCHES - slow.length,
      quota: {
        standard: DELIVERIES_PER_REQUEST * rateLimits.standard,
        premium: DELIVERIES_PER_REQUEST * rateLimits.premium,
      },
      now,
    })
    const batches = leased.map((webhook) => ({
      leaseId,
      leasedAt: now,
      webhook,
      deliveries: deliveries.filter(
        (delivery) => delivery.account_id === webhook.account_id && delivery.webhook_id === webhook.id,
      ),
    }))
    return { batches, nextAt: next[0]?.next_at ?? null }
  }

  /** A retry first reverts the leases of the tries before, which may have been committed. */
  private lease(request: Omit<LeaseRequest, 'leaseId'>) {
    const lost: string[] = []
    return retryTransient(async () => {
      const leaseId = crypto.randomUUID()
      const reverts = lost.length > 0 ? revertLeases(lost, request.now) : {}
      lost.push(leaseId)
      const rows = await openDirectory(this.env).batch({ ...reverts, ...leaseWebhooks({ ...request, leaseId }) })
      return { leaseId, ...rows }
    })
  }
}

/** Whether something was not due when the lease was tried, and is within a second. */
function isDueSoon(nextAt: number | null, leasedAt: number): nextAt is number {
  return nextAt !== null && nextAt > leasedAt && nextAt - Date.now() <= MAX_WAIT
}

function sleepUntil(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())))
}

/** Webhooks that are due and could not be leased belong to accounts that have used their quota for this minute. */
function whenQuotaRenews(nextAt: number | null, leasedAt: number): number | null {
  return nextAt !== null && nextAt <= leasedAt ? (quotaWindowAt(leasedAt) + 1) * MINUTE : null
}
