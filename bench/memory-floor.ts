interface Env {
  FILES: R2Bucket
}

/** What bytes cost in memory at least: a body that goes into the bucket as it comes, and out of it again. */
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (request.method === 'GET') return new Response((await env.FILES.get(pathname))?.body ?? null)
    await env.FILES.put(pathname, request.body)
    return Response.json({ url: request.url }, { status: 201 })
  },
} satisfies ExportedHandler<Env>
