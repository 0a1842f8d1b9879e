#include "base/arena.h"

#include "base/fault.h"

#include <pthread.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AG_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(AG_ASAN)
#define AG_ASAN 1
#endif

#ifdef AG_ASAN
#include <sanitizer/asan_interface.h>
/* A poisoned gap behind each allocation, so that running over its end is found. */
enum { GAP_BYTES = 16 };
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
enum { GAP_BYTES = 0 };
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct ag_arena_block {
    struct ag_arena_block *next;
    size_t cap;  /* bytes of `data` */
    size_t used; /* bytes handed out, gaps included */
    _Alignas(max_align_t) char data[];
};

enum {
    ALIGN = _Alignof(max_align_t),
    ORDINARY_CAP = AG_ARENA_BLOCK_BYTES - (int)sizeof(struct ag_arena_block),
    LARGE_BYTES = ORDINARY_CAP / 2, /* what is larger gets a block of its own */
    POOL_BLOCKS = 256,
};

/* Last in, first out: the block that is still in the processor's cache is used next. */
static _Thread_local struct {
    struct ag_arena_block *top;
    int count;
    bool watched; /* the thread's end empties it */
} pool;

static pthread_once_t pool_once = PTHREAD_ONCE_INIT;
static pthread_key_t pool_key;

static void pool_thread_ends(void *arg)
{
    ag_arena_pool_done();
}

static void pool_key_make(void)
{
    AG_ASSERT(pthread_key_create(&pool_key, pool_thread_ends) == 0);
}

/* Arenas are freed on threads that nobody shuts down by name, too. */
static void pool_watch(void)
{
    pthread_once(&pool_once, pool_key_make);
    pool.watched = pthread_setspecific(pool_key, &pool) == 0;
}

void ag_arena_pool_done(void)
{
    while (pool.top) {
        struct ag_arena_block *block = pool.top;
        pool.top = block->next;
        free(block);
    }
    pool.count = 0;
}

static struct ag_arena_block *block_new(size_t cap)
{
    struct ag_arena_block *block;
    if (cap == ORDINARY_CAP && pool.top) {
        block = pool.top;
        pool.top = block->next;
        pool.count--;
    } else {
        block = malloc(sizeof(*block) + cap);
        if (!block) return NULL;
    }
    block->next = NULL;
    block->cap = cap;
    block->used = 0;
    POISON(block->data, cap);
    return block;
}

static void block_free(struct ag_arena_block *block)
{
    if (block->cap == ORDINARY_CAP && pool.count < POOL_BLOCKS) {
        if (AG_UNLIKELY(!pool.watched)) pool_watch();
        POISON(block->data, block->cap);
        block->next = pool.top;
        pool.top = block;
        pool.count++;
        return;
    }
    free(block);
}

void ag_arena_init(struct ag_arena *arena)
{
    *arena = (struct ag_arena){.max_bytes = AG_ARENA_MAX_BYTES};
}

void ag_arena_done(struct ag_arena *arena)
{
    while (arena->blocks) {
        struct ag_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        block_free(block);
    }
    arena->used_bytes = 0;
    arena->reserved_bytes = 0;
}

void ag_arena_reset(struct ag_arena *arena)
{
    struct ag_arena_block *keep = NULL;
    while (arena->blocks) {
        struct ag_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        if (!keep && block->cap == ORDINARY_CAP)
            keep = block;
        else
            block_free(block);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
        POISON(keep->data, keep->cap);
    }
    arena->blocks = keep;
    arena->used_bytes = 0;
    arena->reserved_bytes = keep ? keep->cap : 0;
}

/* Bytes an allocation of `size` takes from its block. `size` is at most AG_ARENA_MAX_BYTES here. */
static size_t stride(size_t size)
{
    return (size + GAP_BYTES + ALIGN - 1) & ~((size_t)ALIGN - 1);
}

/* A block with room for `need` bytes, already in the list. */
static struct ag_arena_block *block_with_room(struct ag_arena *arena, size_t need)
{
    struct ag_arena_block *head = arena->blocks;
    if (head && head->cap - head->used >= need) return head;

    size_t cap = need > LARGE_BYTES ? need : (size_t)ORDINARY_CAP;
    /* A large one must not look like an ordinary one to the pool. */
    if (need > LARGE_BYTES && cap <= ORDINARY_CAP) cap = ORDINARY_CAP + ALIGN;
    struct ag_arena_block *block = block_new(cap);
    if (!block) return NULL;
    arena->reserved_bytes += cap;
    if (head && need > LARGE_BYTES) {
        /* Behind the head, so that the rest of the head stays in use. */
        block->next = head->next;
        head->next = block;
    } else {
        block->next = head;
        arena->blocks = block;
    }
    return block;
}

void *ag_arena_alloc(struct ag_arena *arena, size_t size)
{
    if (AG_FAULT(alloc)) return NULL;
    if (arena->used_bytes > arena->max_bytes || size > arena->max_bytes - arena->used_bytes)
        return NULL;
    size_t need = stride(size);
    struct ag_arena_block *block = block_with_room(arena, need);
    if (!block) return NULL;
    void *p = block->data + block->used;
    block->used += need;
    arena->used_bytes += size;
    UNPOISON(p, size);
    return p;
}

void *ag_arena_zalloc(struct ag_arena *arena, size_t size)
{
    void *p = ag_arena_alloc(arena, size);
    if (p) memset(p, 0, size);
    return p;
}

/* Grows the block that holds nothing but `p`; NULL when it is none or memory is out. */
static void *large_grow(struct ag_arena *arena, void *p, size_t old_size, size_t size)
{
    for (struct ag_arena_block **link = &arena->blocks; *link; link = &(*link)->next) {
        struct ag_arena_block *block = *link;
        if (block->data != p || block->cap <= ORDINARY_CAP) continue;
        if (block->used != stride(old_size)) return NULL;
        size_t cap = AG_MAX(stride(size), block->cap);
        UNPOISON(block->data, block->cap);
        struct ag_arena_block *bigger = realloc(block, sizeof(*block) + cap);
        if (!bigger) return NULL; /* the old one still holds the bytes, without its gap */
        arena->reserved_bytes += cap - bigger->cap;
        bigger->cap = cap;
        bigger->used = stride(size);
        POISON(bigger->data + size, cap - size);
        *link = bigger;
        return bigger->data;
    }
    return NULL;
}

void *ag_arena_realloc(struct ag_arena *arena, void *p, size_t old_size, size_t size)
{
    if (!p) return ag_arena_alloc(arena, size);
    if (size <= old_size) return p;
    if (AG_FAULT(alloc)) return NULL;
    size_t more = size - old_size;
    if (arena->used_bytes > arena->max_bytes || more > arena->max_bytes - arena->used_bytes)
        return NULL;

    struct ag_arena_block *head = arena->blocks;
    size_t had = stride(old_size), need = stride(size);
    bool newest = head && (char *)p + had == head->data + head->used;
    if (newest && need - had <= head->cap - head->used) {
        head->used += need - had;
        arena->used_bytes += more;
        UNPOISON(p, size);
        return p;
    }
    if (had > LARGE_BYTES) {
        void *grown = large_grow(arena, p, old_size, size);
        if (grown) {
            arena->used_bytes += more;
            return grown;
        }
    }
    void *copy = ag_arena_alloc(arena, size);
    if (copy) memcpy(copy, p, old_size);
    return copy;
}

char *ag_arena_cstr(struct ag_arena *arena, struct ag_str s)
{
    if (s.len == SIZE_MAX) return NULL;
    char *copy = ag_arena_alloc(arena, s.len + 1);
    if (!copy) return NULL;
    if (s.len > 0) memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct ag_str ag_arena_copy(struct ag_arena *arena, struct ag_str s)
{
    char *copy = ag_arena_cstr(arena, s);
    return (struct ag_str){copy, copy ? s.len : 0};
}

struct ag_str ag_arena_printf(struct ag_arena *arena, const char *format, ...)
{
    char text[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    struct ag_str out = {NULL, 0};
    int len = vsnprintf(text, sizeof(text), format, args);
    if (len >= 0 && (size_t)len < sizeof(text)) {
        out = ag_arena_copy(arena, (struct ag_str){text, (size_t)len});
    } else if (len >= 0) {
        char *copy = ag_arena_alloc(arena, (size_t)len + 1);
        if (copy) {
            vsnprintf(copy, (size_t)len + 1, format, again);
            out = (struct ag_str){copy, (size_t)len};
        }
    }
    va_end(again);
    va_end(args);
    return out;
}
