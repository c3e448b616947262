// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <git2.h>
#include <git2/sys/repository.h>
#include <git2/sys/transport.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

// git_libgit2_opts is variadic, which Swift cannot call.

static inline int kafclaw_git_skip_owner_validation(void) {
  return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

static inline int kafclaw_git_flush_writes(void) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

static inline int kafclaw_git_clear_search_path(int level) {
  return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
}

static inline int kafclaw_git_limit_cache(ssize_t bytes) {
  return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes);
}

static inline int kafclaw_git_limit_pack_objects(size_t count) {
  return git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, count);
}

// Debian added this option to 1.5 after its release, so older headers of 1.5 do not name it, and an
// older library answers that it does not know it. Other versions count their options differently.
static inline int kafclaw_git_limit_pack_object_size(size_t bytes) {
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR == 5
  return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION + 2, bytes);
#else
  (void)bytes;
  return -1;
#endif
}

static inline int kafclaw_git_trust_authorities(const char *file) {
  return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, (const char *)NULL);
}

// A transport that counts what a server sends and looks at the clock before every read. libgit2
// counts only once a pack has begun: a server may send references without an end.

typedef struct {
  // Bytes read, and how many may be.
  uint64_t received, limit;
  // Of the monotonic clock. Seconds.
  int64_t deadline;
  // Why reading ended.
  int is_over_limit, is_over_deadline;
  int is_ssh;
} kafclaw_git_meter;

typedef struct {
  git_smart_subtransport_stream parent;
  git_smart_subtransport_stream *inner;
} kafclaw_git_stream;

typedef struct {
  git_smart_subtransport parent;
  git_smart_subtransport *inner;
  kafclaw_git_stream *stream;
  kafclaw_git_meter *meter;
} kafclaw_git_subtransport;

static inline int64_t kafclaw_git_now(void) {
  struct timespec now;
  return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (int64_t)now.tv_sec : INT64_MAX;
}

static inline int kafclaw_git_check(kafclaw_git_meter *meter) {
  meter->is_over_limit |= meter->received > meter->limit;
  meter->is_over_deadline |= kafclaw_git_now() > meter->deadline;
  if (!meter->is_over_limit && !meter->is_over_deadline) return 0;
  git_error_set_str(GIT_ERROR_NET, "the transfer is over its limits");
  return GIT_EUSER;
}

static inline int kafclaw_git_read(
    git_smart_subtransport_stream *stream, char *buffer, size_t size, size_t *count) {
  kafclaw_git_meter *meter = ((kafclaw_git_subtransport *)stream->subtransport)->meter;
  git_smart_subtransport_stream *inner = ((kafclaw_git_stream *)stream)->inner;
  int result = kafclaw_git_check(meter);
  *count = 0;
  if (result == 0) result = inner->read(inner, buffer, size, count);
  if (result < 0) return result;
  meter->received += *count;
  return kafclaw_git_check(meter);
}

static inline int kafclaw_git_write(
    git_smart_subtransport_stream *stream, const char *buffer, size_t size) {
  git_smart_subtransport_stream *inner = ((kafclaw_git_stream *)stream)->inner;
  return inner->write(inner, buffer, size);
}

static inline void kafclaw_git_stream_free(git_smart_subtransport_stream *stream) {
  if (stream == NULL) return;
  git_smart_subtransport_stream *inner = ((kafclaw_git_stream *)stream)->inner;
  ((kafclaw_git_subtransport *)stream->subtransport)->stream = NULL;
  inner->free(inner);
  free(stream);
}

// The ssh transport goes on with the stream it has; then so does this one.
static inline int kafclaw_git_action(
    git_smart_subtransport_stream **out, git_smart_subtransport *transport, const char *url,
    git_smart_service_t service) {
  kafclaw_git_subtransport *self = (kafclaw_git_subtransport *)transport;
  git_smart_subtransport_stream *inner = NULL;
  int result = self->inner->action(&inner, self->inner, url, service);
  *out = NULL;
  if (result < 0) return result;
  if (self->stream == NULL || self->stream->inner != inner) {
    kafclaw_git_stream *stream = (kafclaw_git_stream *)calloc(1, sizeof(*stream));
    if (stream == NULL) {
      inner->free(inner);
      return -1;
    }
    stream->parent.subtransport = transport;
    stream->parent.read = kafclaw_git_read;
    stream->parent.write = kafclaw_git_write;
    stream->parent.free = kafclaw_git_stream_free;
    stream->inner = inner;
    self->stream = stream;
  }
  *out = &self->stream->parent;
  return 0;
}

static inline int kafclaw_git_close(git_smart_subtransport *transport) {
  git_smart_subtransport *inner = ((kafclaw_git_subtransport *)transport)->inner;
  return inner->close(inner);
}

static inline void kafclaw_git_free(git_smart_subtransport *transport) {
  git_smart_subtransport *inner = ((kafclaw_git_subtransport *)transport)->inner;
  inner->free(inner);
  free(transport);
}

static inline int kafclaw_git_subtransport_new(
    git_smart_subtransport **out, git_transport *owner, void *meter) {
  kafclaw_git_subtransport *self = (kafclaw_git_subtransport *)calloc(1, sizeof(*self));
  if (self == NULL) return -1;
  self->meter = (kafclaw_git_meter *)meter;
  int result = self->meter->is_ssh ? git_smart_subtransport_ssh(&self->inner, owner, NULL)
                                   : git_smart_subtransport_http(&self->inner, owner, NULL);
  if (result < 0) {
    free(self);
    return result;
  }
  self->parent.action = kafclaw_git_action;
  self->parent.close = kafclaw_git_close;
  self->parent.free = kafclaw_git_free;
  *out = &self->parent;
  return 0;
}

// The meter must outlive the transport.
static inline int kafclaw_git_metered_transport(
    git_transport **out, git_remote *owner, kafclaw_git_meter *meter) {
  git_smart_subtransport_definition definition = {
      kafclaw_git_subtransport_new, meter->is_ssh ? 0u : 1u, meter};
  return git_transport_smart(out, owner, &definition);
}
