/* dev/pkt.h: packets come from pages as needed, never more than the budget, and go back at 0. */
/* sources: tests/unit/dev_host.c */
#include "dev_host.h"

#include <string.h>

#include "dev/pkt.c"

static int setup(void **state)
{
    (void)state;
    host_reset();
    host_n_pages = 0;
    memset(&pool, 0, sizeof(pool));
    return 0;
}

static void fresh_packet(void **state)
{
    struct pkt *p;

    (void)state;
    pkt_pool_init(1);
    p = pkt_alloc(48);
    assert_non_null(p);
    assert_int_equal(p->refs, 1);
    assert_int_equal(p->len_bytes, 0);
    assert_int_equal(p->flags, 0);
    assert_int_equal(pkt_headroom(p), 48);
    assert_int_equal(sizeof(*p) + 48 + pkt_tailroom(p), PKT_STORAGE_BYTES);
    p->data += 7;
    p->len_bytes = 99;
    p->flags = p->gso_type = 3;
    pkt_put(p);
    p = pkt_alloc(0);
    assert_int_equal(p->refs + p->len_bytes + p->flags + p->gso_type, 1);
    assert_ptr_equal(p->data, p->buf);
}

static void pages_as_needed(void **state)
{
    struct pkt *a, *b, *c;

    (void)state;
    pkt_pool_init(100);
    assert_int_equal(host_n_pages, 0);
    a = pkt_alloc(0);
    b = pkt_alloc(0);
    assert_int_equal(host_n_pages, 1 + 1); /* and a spare one */
    c = pkt_alloc(0);
    assert_int_equal(host_n_pages, 2 + 2);
    assert_true(a != b && b != c && a != c);
    memset(a->buf, 1, a->cap_bytes); /* storages do not overlap: the sanitizer and b would tell */
    assert_int_equal(b->refs, 1);
    assert_int_equal(pkt_pool_in_use(), 3);
    pkt_put(c);
    pkt_put(a);
    pkt_put(b);
    assert_int_equal(pkt_pool_in_use(), 0);
    assert_ptr_equal(pkt_alloc(0), b); /* the warmest first */
    assert_int_equal(host_n_pages, 2 + 2);
}

static void budget_holds(void **state)
{
    struct pkt *p[5];

    (void)state;
    pkt_pool_init(5); /* odd: half a page is not handed out */
    assert_int_equal(pkt_pool_budget(), 5);
    for (unsigned i = 0; i < 5; i++)
        assert_non_null(p[i] = pkt_alloc(0));
    assert_false(pkt_pool_is_dry());
    assert_null(pkt_alloc(0));
    assert_true(pkt_pool_is_dry());
    pkt_put(p[3]);
    assert_false(pkt_pool_is_dry());
    assert_ptr_equal(pkt_alloc(0), p[3]);
    assert_null(pkt_alloc(0));
}

static void no_page_left(void **state)
{
    (void)state;
    pkt_pool_init(10);
    host_pages_left = 1;
    assert_non_null(pkt_alloc(0));
    assert_non_null(pkt_alloc(0));
    assert_null(pkt_alloc(0));
    assert_true(pkt_pool_is_dry());
    host_pages_left = 1;
    assert_non_null(pkt_alloc(0));
    assert_int_equal(pkt_pool_in_use(), 3);
}

static void last_reference_frees(void **state)
{
    struct pkt *p;

    (void)state;
    pkt_pool_init(1);
    p = pkt_get(pkt_alloc(0));
    pkt_put(p);
    assert_int_equal(pkt_pool_in_use(), 1);
    assert_null(pkt_alloc(0));
    pkt_put(p);
    assert_int_equal(pkt_pool_in_use(), 0);
}

static void large_ones_are_pages(void **state)
{
    struct pkt *p, *q;

    (void)state;
    pkt_pool_init(2);
    p = pkt_alloc_large(48, 1000); /* fits an ordinary one */
    assert_int_equal(sizeof(*p) + p->cap_bytes, PKT_STORAGE_BYTES);
    q = pkt_alloc_large(48, 60000);
    assert_int_equal(pkt_headroom(q), 48);
    assert_true(pkt_tailroom(q) >= 60000);
    assert_int_equal(q->refs, 1);
    assert_int_equal(q->flags, 0);
    memset(q->data, 1, 60000);
    assert_int_equal(host_n_pages, 2 + 15);
    assert_int_equal(pkt_pool_in_use(), 1);
    pkt_put(q);
    assert_int_equal(host_n_pages, 2);
    host_pages_left = 0;
    assert_null(pkt_alloc_large(48, 60000));
    pkt_put(p);
    assert_int_equal(pkt_pool_in_use(), 0);
}

/* With the pool dry there is RAM, and with that short what was kept back; both fill up again. */
static void spare_ones(void **state)
{
    struct pkt *p[6];

    (void)state;
    pkt_pool_init(20);
    while (pkt_alloc(0))
        ;
    host_pages_left = 2;
    p[0] = pkt_alloc_large(48, 100);
    assert_non_null(p[0]);
    assert_int_equal(host_pages_left, 1);
    pkt_put(p[0]);
    for (int i = 0; i < 6; i++) { /* two pages, and the four kept */
        p[i] = pkt_alloc_spare(48);
        assert_non_null(p[i]);
        assert_int_equal(pkt_headroom(p[i]), 48);
        assert_int_equal(p[i]->refs + p[i]->len_bytes + p[i]->flags, 1);
        assert_true(pkt_tailroom(p[i]) >= 1600);
        memset(p[i]->data, 1, pkt_tailroom(p[i]));
    }
    assert_null(pkt_alloc_spare(48));
    assert_null(pkt_alloc(0));
    for (int i = 0; i < 6; i++)
        pkt_put(p[i]);
    assert_int_equal(host_pages_left, 2);
    assert_null(pkt_alloc(0)); /* not for everybody */
    assert_int_equal(pkt_pool_in_use(), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fresh_packet, setup),
        cmocka_unit_test_setup(pages_as_needed, setup),
        cmocka_unit_test_setup(budget_holds, setup),
        cmocka_unit_test_setup(no_page_left, setup),
        cmocka_unit_test_setup(spare_ones, setup),
        cmocka_unit_test_setup(last_reference_frees, setup),
        cmocka_unit_test_setup(large_ones_are_pages, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
