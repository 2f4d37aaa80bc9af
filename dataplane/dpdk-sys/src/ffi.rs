//! What the C shim offers. Every function is documented there; every offset read here is asserted on both sides.

#![allow(unsafe_code, missing_docs)]
// JUSTIFICATION: DPDK is C, and its fast path is inline functions; the shim gives them symbols.

use crate::device::DeviceStats;
use std::ffi::{c_char, c_int, c_uint};
use std::mem::offset_of;

/// `struct rte_mempool`, only ever behind a pointer.
#[repr(C)]
pub struct RteMempool {
    _opaque: [u8; 0],
}

/// `struct rte_ring`, only ever behind a pointer.
#[repr(C)]
pub struct RteRing {
    _opaque: [u8; 0],
}

/// The first 56 bytes of `struct rte_mbuf`.
#[repr(C)]
pub struct RteMbuf {
    pub buf_addr: *mut u8,
    buf_iova: u64,
    pub data_off: u16,
    pub refcnt: u16,
    pub nb_segs: u16,
    pub port: u16,
    pub ol_flags: u64,
    packet_type: u32,
    pub pkt_len: u32,
    pub data_len: u16,
    vlan_tci: u16,
    hash: [u32; 2],
    vlan_tci_outer: u16,
    pub buf_len: u16,
}

const _: () = {
    assert!(offset_of!(RteMbuf, data_off) == 16);
    assert!(offset_of!(RteMbuf, refcnt) == 18);
    assert!(offset_of!(RteMbuf, nb_segs) == 20);
    assert!(offset_of!(RteMbuf, port) == 22);
    assert!(offset_of!(RteMbuf, ol_flags) == 24);
    assert!(offset_of!(RteMbuf, packet_type) == 32);
    assert!(offset_of!(RteMbuf, pkt_len) == 36);
    assert!(offset_of!(RteMbuf, data_len) == 40);
    assert!(offset_of!(RteMbuf, buf_len) == 54);
};

pub const RX_IP_SUM_BAD: u64 = 1 << 4;
pub const RX_IP_SUM_GOOD: u64 = 1 << 7;
pub const RX_TCP_SUM_BAD: u64 = 1 << 3;
pub const RX_TCP_SUM_GOOD: u64 = 1 << 8;

/// `struct bs_info`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Info {
    pub driver: [u8; 32],
    pub mac: [u8; 6],
    pub mtu: u16,
    pub max_rx_queues: u16,
    pub max_tx_queues: u16,
    pub reta_size: u16,
    pub rss_key_size: u16,
    pub numa_node: i32,
    pub sums: u32,
    pub rss: u64,
    pub rx_offloads: u64,
    pub tx_offloads: u64,
}

const _: () = {
    assert!(offset_of!(Info, mac) == 32);
    assert!(offset_of!(Info, mtu) == 38);
    assert!(offset_of!(Info, numa_node) == 48);
    assert!(offset_of!(Info, rss) == 56);
    assert!(size_of::<Info>() == 80);
};

/// `struct bs_start`.
#[repr(C)]
pub struct StartRequest {
    pub queues: u16,
    pub rx_descriptors: u16,
    pub tx_descriptors: u16,
    pub promiscuous: u16,
    pub sums: u32,
    pub rss_key_size: u16,
    pub by_connection: u16,
    pub rss_key: *const u8,
    pub pools: *const *mut RteMempool,
}

const _: () = assert!(size_of::<StartRequest>() == 32 && offset_of!(StartRequest, rss_key) == 16);

unsafe extern "C" {
    pub fn bs_version() -> *const c_char;
    pub fn bs_eal_init(count: c_int, arguments: *mut *mut c_char) -> c_int;
    pub fn bs_thread_register() -> c_int;
    pub fn bs_thread_unregister();
    pub fn bs_errno() -> c_int;
    pub fn bs_pool_create(name: *const c_char, count: u32, cache: u32, room: u16, numa_node: c_int) -> *mut RteMempool;
    pub fn bs_pool_available(pool: *mut RteMempool) -> u32;
    pub fn bs_pool_free(pool: *mut RteMempool);
    pub fn bs_alloc_bulk(pool: *mut RteMempool, out: *mut *mut RteMbuf, count: u32) -> c_int;
    pub fn bs_free_bulk(mbufs: *mut *mut RteMbuf, count: u32);
    pub fn bs_probe(arguments: *const c_char) -> c_int;
    pub fn bs_port_by_name(name: *const c_char) -> c_int;
    pub fn bs_port_from_rings(name: *const c_char, from: *mut RteRing, to: *mut RteRing, numa_node: c_uint) -> c_int;
    pub fn bs_ring_create(name: *const c_char, count: u32, numa_node: c_int) -> *mut RteRing;
    pub fn bs_ring_free(ring: *mut RteRing);
    pub fn bs_ring_drain(ring: *mut RteRing);
    pub fn bs_port_info(port: u16, out: *mut Info) -> c_int;
    pub fn bs_port_start(port: u16, how: *const StartRequest) -> c_int;
    pub fn bs_port_steer(port: u16, source_network_order: u32, queue: u16) -> c_int;
    pub fn bs_port_close(port: u16) -> c_int;
    pub fn bs_port_stats(port: u16, out: *mut DeviceStats) -> c_int;
    pub fn bs_rx_burst(port: u16, queue: u16, out: *mut *mut RteMbuf, count: u16) -> u16;
    pub fn bs_tx_burst(port: u16, queue: u16, mbufs: *mut *mut RteMbuf, count: u16) -> u16;
    pub fn bs_request_sums(mbufs: *mut *mut RteMbuf, count: u16);
}

/// What a call answered: a number, or the error that a negative one means.
pub fn answer(number: c_int) -> std::io::Result<c_int> {
    if number < 0 { Err(std::io::Error::from_raw_os_error(-number)) } else { Ok(number) }
}
