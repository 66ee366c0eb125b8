interface Env {
  FILES: R2Bucket
}

/** The lower bound for memory: stores a body in the bucket as it arrives, and returns it. */
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (request.method === 'GET') return new Response((await env.FILES.get(pathname))?.body ?? null)
    await env.FILES.put(pathname, request.body)
    return Response.json({ url: request.url }, { status: 201 })
  },
} satisfies ExportedHandler<Env>
