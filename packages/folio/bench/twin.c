/*
 * The C twins of folio's benchmarks: the same work, compiled with -O3 -mavx2.
 *
 *   twin COMMANDS ANSWERS content OPERATION PAGES OPERATIONS
 *   twin COMMANDS ANSWERS allocate FRAMES SLOTS OPERATIONS MIXED
 *
 * COMMANDS and ANSWERS are named pipes. For each byte that it reads it performs a round, and answers with 8 bytes: a
 * result that the caller checks, so that no work can be left out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#define PAGE 4096
typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#define NOINLINE __attribute__((noinline))

/* Page contents */

NOINLINE static int is_zero(const u64 *page) {
	if (page[PAGE / 8 - 1]) return 0;
	for (int at = 0; at < PAGE / 8; at += 16) {
		u64 some = 0;
		for (int nth = 0; nth < 16; nth++) some |= page[at + nth];
		if (some) return 0;
	}
	return 1;
}
NOINLINE static int equal(const u64 *a, const u64 *b) {
	for (int at = 0; at < PAGE / 8; at += 16) {
		u64 some = 0;
		for (int nth = 0; nth < 16; nth++) some |= a[at + nth] ^ b[at + nth];
		if (some) return 0;
	}
	return 1;
}
NOINLINE static void fill(u64 *restrict page) {
	for (int at = 0; at < PAGE / 8; at++) page[at] = 0;
}
NOINLINE static void copy(u64 *restrict to, const u64 *restrict from) {
	for (int at = 0; at < PAGE / 8; at++) to[at] = from[at];
}

/* XXH64 after its specification, for lengths that are multiples of 32. */
static const u64 P1 = 0x9E3779B185EBCA87ULL, P2 = 0xC2B2AE3D27D4EB4FULL, P3 = 0x165667B19E3779F9ULL, P4 = 0x85EBCA77C2B2AE63ULL;
static inline u64 rotated(u64 value, int by) { return value << by | value >> (64 - by); }
static inline u64 round64(u64 lane, u64 data) { return rotated(lane + data * P2, 31) * P1; }
NOINLINE static u64 xxh64(const u64 *page) {
	u64 lane[4] = { P1 + P2, P2, 0, -P1 };
	for (int at = 0; at < PAGE / 8; at += 4)
		for (int nth = 0; nth < 4; nth++) lane[nth] = round64(lane[nth], page[at + nth]);
	u64 hash = rotated(lane[0], 1) + rotated(lane[1], 7) + rotated(lane[2], 12) + rotated(lane[3], 18);
	for (int nth = 0; nth < 4; nth++) hash = (hash ^ round64(0, lane[nth])) * P1 + P4;
	hash += PAGE;
	hash = (hash ^ hash >> 33) * P2;
	hash = (hash ^ hash >> 29) * P3;
	return hash ^ hash >> 32;
}

static u8 *bytes;
static u64 *page_at(u32 pages, u32 nth) { return (u64 *)(bytes + (u64)(nth % pages) * PAGE); }

static u64 content_round(const char *operation, u32 pages, u32 operations) {
	u64 sum = 0;
	u32 half = pages / 2;
	if (!strcmp(operation, "isZero")) for (u32 nth = 0; nth < operations; nth++) sum += is_zero(page_at(pages, nth));
	else if (!strcmp(operation, "equal")) for (u32 nth = 0; nth < operations; nth++) sum += equal(page_at(half, nth), page_at(half, nth) + (u64)half * (PAGE / 8));
	else if (!strcmp(operation, "zero")) for (u32 nth = 0; nth < operations; nth++) fill(page_at(pages, nth)), sum++;
	else if (!strcmp(operation, "copy")) for (u32 nth = 0; nth < operations; nth++) copy(page_at(half, nth), page_at(half, nth) + (u64)half * (PAGE / 8)), sum++;
	else for (u32 nth = 0; nth < operations; nth++) sum += xxh64(page_at(pages, nth)) & 1;
	return sum;
}

/* The buddy allocator of buddy-allocator.ts and the counts of folios.ts, with the same columns. */

#define ORDERS 11
enum { NOTHING = 0, HEAD = 0x10, TAIL = 0x20, FREE = 0x30 };
static u8 *block;
static u32 *next, *previous, *refcount, *flags, *pincount, *mapcount, *mapping;
static double *page_index;
static u32 heads[ORDERS], frontier, end, used;

static void add_free(u32 pfn, u32 order) {
	u32 first = heads[order];
	block[pfn] = FREE | order;
	next[pfn] = first;
	if (first) previous[first] = pfn;
	heads[order] = pfn;
}
static void remove_free(u32 pfn, u32 order) {
	if (previous[pfn]) next[previous[pfn]] = next[pfn]; else heads[order] = next[pfn];
	if (next[pfn]) previous[next[pfn]] = previous[pfn];
	next[pfn] = previous[pfn] = 0;
	block[pfn] = NOTHING;
}
NOINLINE static u32 allocate(u32 order) {
	u32 from = order;
	while (from < ORDERS && !heads[from]) from++;
	if (from == ORDERS) {
		for (;;) {
			if (frontier >= end) return ~0u;
			from = 0;
			while (from < ORDERS - 1 && frontier % (2u << from) == 0 && frontier + (2u << from) <= end) from++;
			add_free(frontier, from);
			frontier += 1u << from;
			if (from >= order) break;
		}
	}
	u32 pfn = heads[from];
	remove_free(pfn, from);
	while (from-- > order) add_free(pfn + (1u << from), from);
	block[pfn] = HEAD | order;
	if (order) memset(block + pfn + 1, TAIL | order, (1u << order) - 1);
	refcount[pfn] = 1;
	used += 1u << order;
	return pfn;
}
NOINLINE static void put(u32 pfn) {
	if (pincount[pfn] || --refcount[pfn]) return;
	u32 order = block[pfn] & 15, mapped = 0;
	for (u32 page = pfn; page < pfn + (1u << order); page++) mapped += mapcount[page];
	if (mapped || flags[pfn] & 1) abort();
	memset(block + pfn, NOTHING, 1u << order);
	memset(flags + pfn, 0, 4u << order);
	mapping[pfn] = 0;
	page_index[pfn] = 0;
	used -= 1u << order;
	while (order < ORDERS - 1) {
		u32 buddy = pfn ^ (1u << order);
		if (buddy >= end || block[buddy] != (FREE | order)) break;
		remove_free(buddy, order);
		if (buddy < pfn) pfn = buddy;
		order++;
	}
	add_free(pfn, order);
}

/* mulberry32, as in tools/bench/random.ts */
static u32 seed;
static u32 next_random(void) {
	seed += 0x6d2b79f5;
	u32 word = (seed ^ (seed >> 15)) * (seed | 1);
	word ^= word + (word ^ (word >> 7)) * (word | 61);
	return word ^ (word >> 14);
}
static const u8 MIX[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 9 };
static u32 *slots;

static u64 allocate_round(u32 slot_count, u32 operations, int mixed) {
	u64 sum = 0;
	seed = 1;
	for (u32 nth = 0; nth < operations; nth++) {
		u32 random = next_random(), slot = random % slot_count;
		if (slots[slot]) { put(slots[slot]); slots[slot] = 0; continue; }
		u32 pfn = allocate(mixed ? MIX[random >> 28] : 0);
		if (pfn == ~0u) abort();
		slots[slot] = pfn;
		sum += pfn;
	}
	for (u32 slot = 0; slot < slot_count; slot++) if (slots[slot]) { put(slots[slot]); slots[slot] = 0; }
	return sum;
}

static void *column(u64 items, u64 size) { return calloc(items, size); }

int main(int count, char **argument) {
	if (count < 7) return 2;
	int is_content = !strcmp(argument[3], "content");
	u32 first = strtoul(argument[is_content ? 5 : 4], 0, 10);
	u32 operations = strtoul(argument[6], 0, 10);
	if (is_content) {
		bytes = aligned_alloc(PAGE, (u64)first * PAGE);
		memset(bytes, 0, (u64)first * PAGE);
		if (!strcmp(argument[4], "hash")) for (u64 at = 0; at < (u64)first * PAGE; at++) bytes[at] = (u8)(at * 2654435761u >> 24);
	} else {
		block = column(first, 1); next = column(first, 4); previous = column(first, 4); refcount = column(first, 4); flags = column(first, 4);
		pincount = column(first, 4); mapcount = column(first, 4); mapping = column(first, 4); page_index = column(first, 8);
		slots = column(strtoul(argument[5], 0, 10), 4);
		frontier = 1;
		end = first;
	}
	int commands = open(argument[1], O_RDONLY), answers = open(argument[2], O_WRONLY);
	for (char command; read(commands, &command, 1) == 1;) {
		u64 sum = is_content ? content_round(argument[4], first, operations) : allocate_round(strtoul(argument[5], 0, 10), operations, atoi(argument[7]));
		if (write(answers, &sum, 8) != 8) return 1;
	}
	return 0;
}
