//! The rules of settlement as pure functions: numbers in, numbers out, no table, no clock, no order of rows.
//!
//! | module | rule | source |
//! |---|---|---|
//! | `profit` | daily profit and loss 当日盈亏, marked to market | CFFEX clearing rules; its web Q&A's example |
//! | `closing` | which lots a close takes 平今平昨: first in first out, or today's first | contract rules |
//! | `margin` | futures margin, the large side 单向大边, combination discounts 组合优惠, option sellers' margin 卖方保证金 | CFFEX notices on IF/IH/IC/IM, TL; IO contract terms |
//! | `fee` | fees 手续费, submission fees 申报费, reductions and waivers 减免, tiers | CFFEX notices |
//! | `option` | premium 权利金, exercise and assignment 行权 | IO contract terms |
//! | `delivery` | cash delivery of index futures; treasury delivery: conversion factor, accrued interest, invoice | CFFEX delivery rules |
//! | `funds` | settlement reserve 结算准备金, collateral 充抵, calls, risk degree, capacity | CFFEX clearing rules |
//! | `market` | one-sided markets 单边市, netting 自动对冲 | CFFEX risk rules; notices on IO, HO, MO |

pub mod closing;
pub mod delivery;
pub mod fee;
pub mod funds;
pub mod margin;
pub mod market;
pub mod option;
pub mod profit;
