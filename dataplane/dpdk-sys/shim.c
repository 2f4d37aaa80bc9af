/* The few DPDK entry points that ports need, as real symbols with a plain ABI.
 *
 * Most of DPDK's fast path is inline functions; they exist only in C. Everything here is named bs_*, returns 0 or a count on
 * success and a negative errno on failure, and keeps nothing. Layouts that Rust reads are asserted below: another DPDK or
 * another processor fails the build instead of corrupting memory. src/ffi.rs asserts the same numbers from its side.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_ip.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_tcp.h>
#include <rte_version.h>

/* struct rte_mbuf, as far as Rust reads it. */
_Static_assert(offsetof(struct rte_mbuf, buf_addr) == 0, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, data_off) == 16, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, refcnt) == 18, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, nb_segs) == 20, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, port) == 22, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, ol_flags) == 24, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, packet_type) == 32, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, pkt_len) == 36, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, data_len) == 40, "mbuf");
_Static_assert(offsetof(struct rte_mbuf, buf_len) == 54, "mbuf");
_Static_assert(sizeof(((struct rte_mbuf *)0)->ol_flags) == 8, "mbuf");
_Static_assert(sizeof(((struct rte_mbuf *)0)->pkt_len) == 4, "mbuf");
_Static_assert(sizeof(((struct rte_mbuf *)0)->data_len) == 2, "mbuf");
/* What a received frame's flags say about its sums. */
_Static_assert(RTE_MBUF_F_RX_IP_CKSUM_MASK == ((1ULL << 4) | (1ULL << 7)), "flags");
_Static_assert(RTE_MBUF_F_RX_IP_CKSUM_BAD == (1ULL << 4), "flags");
_Static_assert(RTE_MBUF_F_RX_IP_CKSUM_GOOD == (1ULL << 7), "flags");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_MASK == ((1ULL << 3) | (1ULL << 8)), "flags");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_BAD == (1ULL << 3), "flags");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_GOOD == (1ULL << 8), "flags");

struct bs_info {
    char driver[32];
    uint8_t mac[6];
    uint16_t mtu;
    uint16_t max_rx_queues, max_tx_queues;
    uint16_t reta_size;
    uint16_t rss_key_size;
    int32_t numa_node;
    uint32_t sums;      /* bit 0: can verify what arrives; bit 1: can fill what is sent */
    uint64_t rss;       /* what it can spread by */
    uint64_t rx_offloads, tx_offloads;
};
_Static_assert(offsetof(struct bs_info, mac) == 32, "info");
_Static_assert(offsetof(struct bs_info, mtu) == 38, "info");
_Static_assert(offsetof(struct bs_info, numa_node) == 48, "info");
_Static_assert(offsetof(struct bs_info, rss) == 56, "info");
_Static_assert(sizeof(struct bs_info) == 80, "info");

struct bs_start {
    uint16_t queues, rx_descriptors, tx_descriptors, promiscuous;
    uint32_t sums;          /* as in bs_info: what to switch on */
    uint16_t rss_key_size;
    uint16_t by_connection; /* spread by addresses and ports instead of addresses alone */
    const uint8_t *rss_key;  /* null: no spreading */
    struct rte_mempool *const *pools; /* one a queue */
};
_Static_assert(sizeof(struct bs_start) == 32 && offsetof(struct bs_start, rss_key) == 16, "start");

struct bs_stats { uint64_t rx_frames, tx_frames, rx_bytes, tx_bytes, missed, rx_errors, tx_errors, no_buffer; };
_Static_assert(sizeof(struct bs_stats) == 64, "stats");

#define RX_SUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define TX_SUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

const char *bs_version(void) { return rte_version(); }

/* rte_eal_init can fail with rte_errno left at 0: that never reads as success. */
int bs_eal_init(int argc, char **argv)
{
    int r = rte_eal_init(argc, argv);
    return r < 0 ? (rte_errno > 0 ? -rte_errno : -EINVAL) : 0;
}

/* Gives the calling thread caches of its own in every pool. Harmless to ask twice. */
int bs_thread_register(void) { return rte_lcore_id() != LCORE_ID_ANY ? 0 : (rte_thread_register() ? -rte_errno : 1); }
void bs_thread_unregister(void) { rte_thread_unregister(); }

/* ---- pools and buffers ---- */

struct rte_mempool *bs_pool_create(const char *name, uint32_t count, uint32_t cache, uint16_t room, int numa_node)
{ return rte_pktmbuf_pool_create(name, count, cache, 0, room, numa_node); }
int bs_errno(void) { return rte_errno; }
uint32_t bs_pool_available(struct rte_mempool *pool) { return rte_mempool_avail_count(pool); }
void bs_pool_free(struct rte_mempool *pool) { rte_mempool_free(pool); }
int bs_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **out, uint32_t count)
{ return rte_pktmbuf_alloc_bulk(pool, out, count); }
void bs_free_bulk(struct rte_mbuf **mbufs, uint32_t count) { rte_pktmbuf_free_bulk(mbufs, count); }

/* ---- devices ---- */

int bs_probe(const char *arguments) { return rte_dev_probe(arguments); }
int bs_port_by_name(const char *name) { uint16_t port; int r = rte_eth_dev_get_port_by_name(name, &port); return r ? r : port; }

/* A port whose frames come from one ring and go to another. */
int bs_port_from_rings(const char *name, struct rte_ring *from, struct rte_ring *to, unsigned numa_node)
{
    int port = rte_eth_from_rings(name, &from, 1, &to, 1, numa_node);
    return port < 0 ? (rte_errno > 0 ? -rte_errno : -EINVAL) : port;
}
struct rte_ring *bs_ring_create(const char *name, uint32_t count, int numa_node)
{ return rte_ring_create(name, count, numa_node, RING_F_SP_ENQ | RING_F_SC_DEQ); }
void bs_ring_free(struct rte_ring *ring) { rte_ring_free(ring); }
/* Frees what is left in a ring that nobody uses any more. */
void bs_ring_drain(struct rte_ring *ring)
{
    void *mbuf;
    while (rte_ring_dequeue(ring, &mbuf) == 0)
        rte_pktmbuf_free(mbuf);
}

int bs_port_info(uint16_t port, struct bs_info *out)
{
    struct rte_eth_dev_info info;
    struct rte_ether_addr mac;
    int r;
    memset(out, 0, sizeof *out);
    if ((r = rte_eth_dev_info_get(port, &info)) || (r = rte_eth_macaddr_get(port, &mac)) ||
        (r = rte_eth_dev_get_mtu(port, &out->mtu)))
        return r;
    strncpy(out->driver, info.driver_name, sizeof out->driver - 1);
    memcpy(out->mac, mac.addr_bytes, 6);
    out->max_rx_queues = info.max_rx_queues;
    out->max_tx_queues = info.max_tx_queues;
    out->reta_size = info.reta_size;
    out->rss_key_size = info.hash_key_size;
    out->numa_node = rte_eth_dev_socket_id(port);
    out->sums = ((info.rx_offload_capa & RX_SUMS) == RX_SUMS ? 1 : 0) | ((info.tx_offload_capa & TX_SUMS) == TX_SUMS ? 2 : 0);
    out->rss = info.flow_type_rss_offloads;
    out->rx_offloads = info.rx_offload_capa;
    out->tx_offloads = info.tx_offload_capa;
    return 0;
}

int bs_port_start(uint16_t port, const struct bs_start *how)
{
    struct rte_eth_dev_info info;
    struct rte_eth_conf conf;
    uint16_t rxd = how->rx_descriptors, txd = how->tx_descriptors;
    int r;
    memset(&conf, 0, sizeof conf);
    if ((r = rte_eth_dev_info_get(port, &info)))
        return r;
    conf.rxmode.offloads = how->sums & 1 ? RX_SUMS : 0;
    conf.txmode.offloads = how->sums & 2 ? TX_SUMS : 0;
    if (how->queues > 1 && how->rss_key) {
        uint64_t by = info.flow_type_rss_offloads & RTE_ETH_RSS_IPV4;
        if (how->by_connection || !by)
            by = info.flow_type_rss_offloads & (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP);
        if (by) {
            conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
            conf.rx_adv_conf.rss_conf.rss_hf = by;
            if (info.hash_key_size && info.hash_key_size <= how->rss_key_size) {
                conf.rx_adv_conf.rss_conf.rss_key = (uint8_t *)(uintptr_t)how->rss_key;
                conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
            }
        }
    }
    if ((r = rte_eth_dev_configure(port, how->queues, how->queues, &conf)))
        return r;
    if ((r = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rxd, &txd)))
        return r;
    for (uint16_t queue = 0; queue < how->queues; queue++) {
        int node = rte_eth_dev_socket_id(port);
        if ((r = rte_eth_rx_queue_setup(port, queue, rxd, node, NULL, how->pools[queue])))
            return r;
        if ((r = rte_eth_tx_queue_setup(port, queue, txd, node, NULL)))
            return r;
    }
    if ((r = rte_eth_dev_start(port)))
        return r;
    if (how->promiscuous)
        rte_eth_promiscuous_enable(port); /* what cannot do that shows everything anyway */
    return 0;
}

/* Frames from one IPv4 address go to one queue, whatever spreading would say. */
int bs_port_steer(uint16_t port, uint32_t source_network_order, uint16_t queue)
{
    struct rte_flow_attr attr = { .ingress = 1 };
    struct rte_flow_item_ipv4 spec, mask;
    struct rte_flow_action_queue target = { .index = queue };
    struct rte_flow_error error;
    memset(&spec, 0, sizeof spec);
    memset(&mask, 0, sizeof mask);
    spec.hdr.src_addr = source_network_order;
    mask.hdr.src_addr = UINT32_MAX;
    struct rte_flow_item pattern[] = {
        { .type = RTE_FLOW_ITEM_TYPE_ETH },
        { .type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &spec, .mask = &mask },
        { .type = RTE_FLOW_ITEM_TYPE_END },
    };
    struct rte_flow_action actions[] = {
        { .type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &target },
        { .type = RTE_FLOW_ACTION_TYPE_END },
    };
    memset(&error, 0, sizeof error);
    if (rte_flow_create(port, &attr, pattern, actions, &error))
        return 0;
    return rte_errno > 0 ? -rte_errno : -ENOTSUP;
}

int bs_port_close(uint16_t port) { rte_eth_dev_stop(port); return rte_eth_dev_close(port); }

int bs_port_stats(uint16_t port, struct bs_stats *out)
{
    struct rte_eth_stats s;
    int r = rte_eth_stats_get(port, &s);
    if (r)
        return r;
    *out = (struct bs_stats){ s.ipackets, s.opackets, s.ibytes, s.obytes, s.imissed, s.ierrors, s.oerrors, s.rx_nombuf };
    return 0;
}

/* ---- bursts ---- */

uint16_t bs_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **out, uint16_t count)
{ return rte_eth_rx_burst(port, queue, out, count); }
uint16_t bs_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count)
{ return rte_eth_tx_burst(port, queue, mbufs, count); }

/* Marks IPv4/TCP frames for the device to sum, and writes the pseudo header's sum where it begins. */
void bs_request_sums(struct rte_mbuf **mbufs, uint16_t count)
{
    const uint16_t headers = sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_tcp_hdr);
    for (uint16_t i = 0; i < count; i++) {
        struct rte_mbuf *m = mbufs[i];
        struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
        struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
        if (m->data_len < headers || ether->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
            ip->version_ihl != 0x45 || ip->next_proto_id != IPPROTO_TCP)
            continue;
        m->l2_len = sizeof *ether;
        m->l3_len = sizeof *ip;
        m->l4_len = sizeof(struct rte_tcp_hdr);
        m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM;
        ip->hdr_checksum = 0;
        ((struct rte_tcp_hdr *)(ip + 1))->cksum = rte_ipv4_phdr_cksum(ip, m->ol_flags);
    }
}
