//! Generated from ftd.xml by tests/generate.rs; changes belong there.
//!
//! Asks every item of a data field for its value.

use ftd::field::*;

/// Reads everything there is to read, and gives a number that depends on it.
pub trait Touch {
    /// Reads it.
    fn touch(&self) -> u64;
}

impl Touch for BulletinField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.news_type.touch())
            .wrapping_add(self.news_urgency.touch())
            .wrapping_add(self.send_time.touch())
            .wrapping_add(self.abstract_.touch())
            .wrapping_add(self.come_from.touch())
            .wrapping_add(self.market_id.touch())
            .wrapping_add(self.content.touch())
            .wrapping_add(self.url_link.touch())
    }
}

impl Touch for ClientField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.client_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_name.touch())
            .wrapping_add(self.client_type.touch())
            .wrapping_add(self.trade_rights.touch())
    }
}

impl Touch for DepositField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.participant_type.touch())
            .wrapping_add(self.trade_date.touch())
            .wrapping_add(self.init_margin.touch())
            .wrapping_add(self.buy_spec_open_used_margin.touch())
            .wrapping_add(self.buy_hedge_open_used_margin.touch())
            .wrapping_add(self.sell_spec_open_used_margin.touch())
            .wrapping_add(self.sell_hedge_open_used_margin.touch())
            .wrapping_add(self.buy_spec_offset_profit.touch())
            .wrapping_add(self.buy_hedge_offset_profit.touch())
            .wrapping_add(self.sell_spec_offset_profit.touch())
            .wrapping_add(self.sell_hedge_offset_profit.touch())
            .wrapping_add(self.buy_spec_open_froz_margin.touch())
            .wrapping_add(self.buy_hedge_open_froz_margin.touch())
            .wrapping_add(self.sell_spec_open_froz_margin.touch())
            .wrapping_add(self.sell_hedge_open_froz_margin.touch())
            .wrapping_add(self.buy_spec_offset_margin.touch())
            .wrapping_add(self.buy_hedge_offset_margin.touch())
            .wrapping_add(self.sell_spec_offset_margin.touch())
            .wrapping_add(self.sell_hedge_offset_margin.touch())
            .wrapping_add(self.buy_spec_turn_over.touch())
            .wrapping_add(self.buy_hedge_turn_over.touch())
            .wrapping_add(self.sell_spec_turn_over.touch())
            .wrapping_add(self.sell_hedge_turn_over.touch())
            .wrapping_add(self.add_value.touch())
            .wrapping_add(self.del_value.touch())
            .wrapping_add(self.balance_value.touch())
            .wrapping_add(self.premium.touch())
            .wrapping_add(self.buy_open_used_premium.touch())
            .wrapping_add(self.buy_open_froz_premium.touch())
    }
}

impl Touch for DisseminationstartField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.sequence_series.touch()).wrapping_add(self.sequence_no.touch())
    }
}

impl Touch for ErrorField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.error_code.touch())
            .wrapping_add(self.error_text.touch())
            .wrapping_add(self.time_stamp.touch())
    }
}

impl Touch for ErrorTargetOrderField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.order_sys_id.touch()).wrapping_add(self.order_local_id.touch())
    }
}

impl Touch for ErrorTargetSequenceField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.sequence_series.touch()).wrapping_add(self.sequence_no.touch())
    }
}

impl Touch for ForceExitField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.force_exit_code.touch()).wrapping_add(self.force_exit_msg.touch())
    }
}

impl Touch for InstrumentField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.instrument_name.touch())
            .wrapping_add(self.short_cut_key.touch())
            .wrapping_add(self.start_trd_date.touch())
            .wrapping_add(self.end_trd_date.touch())
            .wrapping_add(self.instrument_type.touch())
            .wrapping_add(self.end_delv_date.touch())
            .wrapping_add(self.start_delv_date.touch())
            .wrapping_add(self.instr_stop_code.touch())
            .wrapping_add(self.currency.touch())
            .wrapping_add(self.trade_rights.touch())
            .wrapping_add(self.fuse_rights.touch())
            .wrapping_add(self.unit.touch())
            .wrapping_add(self.tick.touch())
            .wrapping_add(self.high_limit_rate.touch())
            .wrapping_add(self.low_limit_rate.touch())
            .wrapping_add(self.max_lot.touch())
            .wrapping_add(self.min_lot.touch())
            .wrapping_add(self.pubstyle.touch())
            .wrapping_add(self.fuselimit.touch())
            .wrapping_add(self.fusepersisttime.touch())
            .wrapping_add(self.fusepoint.touch())
            .wrapping_add(self.fuse_flag.touch())
            .wrapping_add(self.forcedistime.touch())
            .wrapping_add(self.strike_price.touch())
            .wrapping_add(self.options_type.touch())
            .wrapping_add(self.underlying_instr_id.touch())
            .wrapping_add(self.underlying_multiple.touch())
    }
}

impl Touch for InstrumentStatusField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch()).wrapping_add(self.instrument_status.touch())
    }
}

impl Touch for MarketStatusField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch())
            .wrapping_add(self.market_status_id.touch())
            .wrapping_add(self.broadcast_sequence_no.touch())
    }
}

impl Touch for MarketMatchIncDataField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.volume_type.touch())
            .wrapping_add(self.price.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.match_flag.touch())
    }
}

impl Touch for OrderActionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.order_action_code.touch())
            .wrapping_add(self.order_sys_id.touch())
            .wrapping_add(self.action_local_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for OrderInsertField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trade_date.touch())
            .wrapping_add(self.action_date.touch())
            .wrapping_add(self.order_sys_id.touch())
            .wrapping_add(self.order_local_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.direction.touch())
            .wrapping_add(self.offset_flag.touch())
            .wrapping_add(self.hedge_flag.touch())
            .wrapping_add(self.stop_price.touch())
            .wrapping_add(self.limit_price.touch())
            .wrapping_add(self.volume_total_orginal.touch())
            .wrapping_add(self.order_type.touch())
            .wrapping_add(self.match_condition.touch())
            .wrapping_add(self.match_session.touch())
            .wrapping_add(self.valid_through.touch())
            .wrapping_add(self.minimal_volume.touch())
            .wrapping_add(self.auto_suspend.touch())
            .wrapping_add(self.insert_time.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for MarketOrderDataField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.volume_type.touch())
            .wrapping_add(self.direction.touch())
            .wrapping_add(self.price.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.broadcast_sequence_no.touch())
    }
}

impl Touch for OrderStatusField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trade_date.touch())
            .wrapping_add(self.action_date.touch())
            .wrapping_add(self.order_sys_id.touch())
            .wrapping_add(self.order_local_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.direction.touch())
            .wrapping_add(self.offset_flag.touch())
            .wrapping_add(self.hedge_flag.touch())
            .wrapping_add(self.stop_price.touch())
            .wrapping_add(self.limit_price.touch())
            .wrapping_add(self.volume_total_orginal.touch())
            .wrapping_add(self.order_type.touch())
            .wrapping_add(self.volume_total.touch())
            .wrapping_add(self.match_condition.touch())
            .wrapping_add(self.match_session.touch())
            .wrapping_add(self.valid_through.touch())
            .wrapping_add(self.minimal_volume.touch())
            .wrapping_add(self.auto_suspend.touch())
            .wrapping_add(self.order_status.touch())
            .wrapping_add(self.insert_time.touch())
            .wrapping_add(self.active_time.touch())
            .wrapping_add(self.suspend_time.touch())
            .wrapping_add(self.update_time.touch())
            .wrapping_add(self.active_user_id.touch())
            .wrapping_add(self.margin.touch())
            .wrapping_add(self.force_group_id.touch())
            .wrapping_add(self.trade_price.touch())
            .wrapping_add(self.trade_volume.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for ParticipantField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.participant_name.touch())
            .wrapping_add(self.participant_type.touch())
            .wrapping_add(self.parti_trd_right.touch())
    }
}

impl Touch for PositionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.trade_date.touch())
            .wrapping_add(self.yd_buy_hedge_position.touch())
            .wrapping_add(self.yd_buy_spec_position.touch())
            .wrapping_add(self.yd_sell_hedge_position.touch())
            .wrapping_add(self.yd_sell_spec_position.touch())
            .wrapping_add(self.buy_hedge_volume.touch())
            .wrapping_add(self.buy_spec_volume.touch())
            .wrapping_add(self.sell_hedge_volume.touch())
            .wrapping_add(self.sell_spec_volume.touch())
            .wrapping_add(self.buy_hedge_position.touch())
            .wrapping_add(self.buy_spec_position.touch())
            .wrapping_add(self.sell_hedge_position.touch())
            .wrapping_add(self.sell_spec_position.touch())
            .wrapping_add(self.buy_offs_h_position.touch())
            .wrapping_add(self.buy_offs_s_position.touch())
            .wrapping_add(self.sell_offs_h_position.touch())
            .wrapping_add(self.sell_offs_s_position.touch())
            .wrapping_add(self.yd_buy_offs_h_position.touch())
            .wrapping_add(self.yd_buy_offs_s_position.touch())
            .wrapping_add(self.yd_sell_offs_h_position.touch())
            .wrapping_add(self.yd_sell_offs_s_position.touch())
            .wrapping_add(self.long_open_froz_h_position.touch())
            .wrapping_add(self.long_open_froz_s_position.touch())
            .wrapping_add(self.short_open_froz_h_position.touch())
            .wrapping_add(self.short_open_froz_s_position.touch())
            .wrapping_add(self.long_offs_froz_h_position.touch())
            .wrapping_add(self.long_offs_froz_s_position.touch())
            .wrapping_add(self.short_offs_froz_h_position.touch())
            .wrapping_add(self.short_offs_froz_s_position.touch())
            .wrapping_add(self.yd_long_offs_froz_h_position.touch())
            .wrapping_add(self.yd_long_offs_froz_s_position.touch())
            .wrapping_add(self.yd_short_offs_froz_h_position.touch())
            .wrapping_add(self.yd_short_offs_froz_s_position.touch())
    }
}

impl Touch for PPositionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.trade_date.touch())
            .wrapping_add(self.yd_buy_hedge_position.touch())
            .wrapping_add(self.yd_buy_spec_position.touch())
            .wrapping_add(self.yd_sell_hedge_position.touch())
            .wrapping_add(self.yd_sell_spec_position.touch())
            .wrapping_add(self.buy_hedge_volume.touch())
            .wrapping_add(self.buy_spec_volume.touch())
            .wrapping_add(self.sell_hedge_volume.touch())
            .wrapping_add(self.sell_spec_volume.touch())
            .wrapping_add(self.buy_hedge_position.touch())
            .wrapping_add(self.buy_spec_position.touch())
            .wrapping_add(self.sell_hedge_position.touch())
            .wrapping_add(self.sell_spec_position.touch())
            .wrapping_add(self.buy_offs_h_position.touch())
            .wrapping_add(self.buy_offs_s_position.touch())
            .wrapping_add(self.sell_offs_h_position.touch())
            .wrapping_add(self.sell_offs_s_position.touch())
            .wrapping_add(self.yd_buy_offs_h_position.touch())
            .wrapping_add(self.yd_buy_offs_s_position.touch())
            .wrapping_add(self.yd_sell_offs_h_position.touch())
            .wrapping_add(self.yd_sell_offs_s_position.touch())
            .wrapping_add(self.long_open_froz_h_position.touch())
            .wrapping_add(self.long_open_froz_s_position.touch())
            .wrapping_add(self.short_open_froz_h_position.touch())
            .wrapping_add(self.short_open_froz_s_position.touch())
            .wrapping_add(self.long_offs_froz_h_position.touch())
            .wrapping_add(self.long_offs_froz_s_position.touch())
            .wrapping_add(self.short_offs_froz_h_position.touch())
            .wrapping_add(self.short_offs_froz_s_position.touch())
            .wrapping_add(self.yd_long_offs_froz_h_position.touch())
            .wrapping_add(self.yd_long_offs_froz_s_position.touch())
            .wrapping_add(self.yd_short_offs_froz_h_position.touch())
            .wrapping_add(self.yd_short_offs_froz_s_position.touch())
    }
}

impl Touch for MarketMatchDataChgField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.open_price.touch())
            .wrapping_add(self.high_price.touch())
            .wrapping_add(self.low_price.touch())
            .wrapping_add(self.last_price.touch())
            .wrapping_add(self.bid_price.touch())
            .wrapping_add(self.ask_price.touch())
            .wrapping_add(self.bid_lot.touch())
            .wrapping_add(self.ask_lot.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.open_interest.touch())
    }
}

impl Touch for MarketMatchDataField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.pre_close.touch())
            .wrapping_add(self.pre_settle.touch())
            .wrapping_add(self.pre_open_interest.touch())
            .wrapping_add(self.open_price.touch())
            .wrapping_add(self.bid_price.touch())
            .wrapping_add(self.bid_lot.touch())
            .wrapping_add(self.ask_price.touch())
            .wrapping_add(self.ask_lot.touch())
            .wrapping_add(self.last_price.touch())
            .wrapping_add(self.last_lot.touch())
            .wrapping_add(self.trade_lot.touch())
            .wrapping_add(self.trade_turnover.touch())
            .wrapping_add(self.open_interest.touch())
            .wrapping_add(self.high_price.touch())
            .wrapping_add(self.low_price.touch())
            .wrapping_add(self.close_price.touch())
            .wrapping_add(self.settle_price.touch())
            .wrapping_add(self.clear_price.touch())
            .wrapping_add(self.average_price.touch())
            .wrapping_add(self.life_high.touch())
            .wrapping_add(self.life_low.touch())
            .wrapping_add(self.high_limit.touch())
            .wrapping_add(self.low_limit.touch())
            .wrapping_add(self.total_volume.touch())
            .wrapping_add(self.update_time.touch())
            .wrapping_add(self.market_match_data_status.touch())
            .wrapping_add(self.total_market_match_data.touch())
            .wrapping_add(self.broadcast_sequence_no.touch())
    }
}

impl Touch for ReqQryClientField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch()).wrapping_add(self.client_id.touch())
    }
}

impl Touch for ReqQryDepositField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
    }
}

impl Touch for ReqQryInstrumentField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch()).wrapping_add(self.instrument_id.touch())
    }
}

impl Touch for ReqQryInstrumentStatusField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch()).wrapping_add(self.instrument_id.touch())
    }
}

impl Touch for ReqQryMarketField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch())
    }
}

impl Touch for ReqQryMarketStatusField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch())
    }
}

impl Touch for ReqQryOrderField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.order_sys_id.touch())
    }
}

impl Touch for ReqQryMarketOrderDataField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch()).wrapping_add(self.direction.touch())
    }
}

impl Touch for ReqQryParticipantField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
    }
}

impl Touch for ReqQryPositionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.instrument_id.touch())
    }
}

impl Touch for ReqQryPPositionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch()).wrapping_add(self.instrument_id.touch())
    }
}

impl Touch for ReqQryMarketMatchDataField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
    }
}

impl Touch for ReqQryTradeField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.order_sys_id.touch())
            .wrapping_add(self.start_time.touch())
            .wrapping_add(self.through_time.touch())
    }
}

impl Touch for ReqQryUserField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch()).wrapping_add(self.user_id.touch())
    }
}

impl Touch for ReqQryUserLoginField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch()).wrapping_add(self.user_id.touch())
    }
}

impl Touch for ReqUserLoginField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.data_flow_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.password.touch())
            .wrapping_add(self.connection_reference.touch())
            .wrapping_add(self.server_app_name.touch())
            .wrapping_add(self.protocol_version.touch())
            .wrapping_add(self.time_out.touch())
            .wrapping_add(self.ip_addr.touch())
    }
}

impl Touch for ReqUserLogoutField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.data_flow_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
    }
}

impl Touch for ReqUserPasswordUpdateField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.new_password.touch())
            .wrapping_add(self.old_password.touch())
    }
}

impl Touch for MarketField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.market_id.touch())
            .wrapping_add(self.market_name.touch())
            .wrapping_add(self.broadcast_sequence_series.touch())
            .wrapping_add(self.trade_type.touch())
    }
}

impl Touch for RspUserLoginField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.data_flow_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.password.touch())
            .wrapping_add(self.exchange_date_time.touch())
            .wrapping_add(self.time_span.touch())
            .wrapping_add(self.ip_addr.touch())
            .wrapping_add(self.max_order_local_id.touch())
            .wrapping_add(self.trade_date.touch())
            .wrapping_add(self.action_date.touch())
    }
}

impl Touch for RspUserLogoutField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.data_flow_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.exchange_date_time.touch())
    }
}

impl Touch for RspUserPasswordUpdateField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.new_password.touch())
    }
}

impl Touch for TradeInsertSingleField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.instrument_version.touch())
            .wrapping_add(self.cancel_flag.touch())
            .wrapping_add(self.cancel_date.touch())
            .wrapping_add(self.cancel_time.touch())
            .wrapping_add(self.trade_id.touch())
            .wrapping_add(self.match_date.touch())
            .wrapping_add(self.match_time.touch())
            .wrapping_add(self.clear_date.touch())
            .wrapping_add(self.price.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.order_sys_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.direction.touch())
            .wrapping_add(self.offset_flag.touch())
            .wrapping_add(self.hedge_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.order_local_id.touch())
    }
}

impl Touch for UserField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.user_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.name.touch())
            .wrapping_add(self.is_login.touch())
            .wrapping_add(self.user_status.touch())
            .wrapping_add(self.user_type.touch())
    }
}

impl Touch for UserLoginField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.ip_addr.touch())
            .wrapping_add(self.dialog_stream_status.touch())
            .wrapping_add(self.dialog_login_time.touch())
            .wrapping_add(self.dialog_logout_time.touch())
            .wrapping_add(self.private_stream_status.touch())
            .wrapping_add(self.private_login_time.touch())
            .wrapping_add(self.private_logout_time.touch())
            .wrapping_add(self.broadcast_stream_status.touch())
            .wrapping_add(self.broadcast_login_time.touch())
            .wrapping_add(self.broadcast_log_out_time.touch())
            .wrapping_add(self.front_id.touch())
    }
}

impl Touch for InputQuoteField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.quote_local_id.touch())
            .wrapping_add(self.bid_comb_offset_flag.touch())
            .wrapping_add(self.bid_comb_hedge_flag.touch())
            .wrapping_add(self.bid_volume.touch())
            .wrapping_add(self.bid_price.touch())
            .wrapping_add(self.ask_comb_offset_flag.touch())
            .wrapping_add(self.ask_comb_hedge_flag.touch())
            .wrapping_add(self.ask_volume.touch())
            .wrapping_add(self.ask_price.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for QuoteField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trade_date.touch())
            .wrapping_add(self.action_date.touch())
            .wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.quote_local_id.touch())
            .wrapping_add(self.bid_comb_offset_flag.touch())
            .wrapping_add(self.bid_comb_hedge_flag.touch())
            .wrapping_add(self.bid_volume.touch())
            .wrapping_add(self.bid_price.touch())
            .wrapping_add(self.ask_comb_offset_flag.touch())
            .wrapping_add(self.ask_comb_hedge_flag.touch())
            .wrapping_add(self.ask_volume.touch())
            .wrapping_add(self.ask_price.touch())
            .wrapping_add(self.message_reference.touch())
            .wrapping_add(self.insert_time.touch())
            .wrapping_add(self.cancel_time.touch())
            .wrapping_add(self.trade_time.touch())
            .wrapping_add(self.bid_order_sys_id.touch())
            .wrapping_add(self.ask_order_sys_id.touch())
            .wrapping_add(self.clearing_part_id.touch())
    }
}

impl Touch for QryQuoteField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.user_id.touch())
    }
}

impl Touch for EnquireQuoteField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.quote_direction.touch())
            .wrapping_add(self.quote_local_id.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for EnquireQuoteNotifyField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.quote_direction.touch())
            .wrapping_add(self.request_by.touch())
    }
}

impl Touch for InputExecOrderField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.exec_order_local_id.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for ExecOrderActionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.exec_order_sys_id.touch())
            .wrapping_add(self.exec_order_local_id.touch())
            .wrapping_add(self.action_flag.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.action_local_id.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for ExecOrderField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trading_day.touch())
            .wrapping_add(self.action_day.touch())
            .wrapping_add(self.settlement_group_id.touch())
            .wrapping_add(self.settlement_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.exec_order_local_id.touch())
            .wrapping_add(self.volume.touch())
            .wrapping_add(self.message_reference.touch())
            .wrapping_add(self.exec_order_sys_id.touch())
            .wrapping_add(self.insert_date.touch())
            .wrapping_add(self.insert_time.touch())
            .wrapping_add(self.cancel_time.touch())
            .wrapping_add(self.exec_result.touch())
            .wrapping_add(self.clearing_part_id.touch())
    }
}

impl Touch for QryExecOrderField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.exec_order_sys_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
    }
}

impl Touch for QryExchangeRateField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trade_date.touch()).wrapping_add(self.currency_id.touch())
    }
}

impl Touch for ExchangeRateField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.trade_date.touch())
            .wrapping_add(self.currency_id.touch())
            .wrapping_add(self.rate_unit.touch())
            .wrapping_add(self.rate_price.touch())
    }
}

impl Touch for FlowMessageCancelField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.sequence_series.touch())
            .wrapping_add(self.trade_date.touch())
            .wrapping_add(self.action_date.touch())
            .wrapping_add(self.data_center_id.touch())
            .wrapping_add(self.start_sequence_no.touch())
            .wrapping_add(self.end_sequence_no.touch())
    }
}

impl Touch for QuoteActionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.order_action_code.touch())
            .wrapping_add(self.quote_sys_id.touch())
            .wrapping_add(self.quote_local_id.touch())
            .wrapping_add(self.action_local_id.touch())
            .wrapping_add(self.instrument_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.message_reference.touch())
    }
}

impl Touch for OrderActionTargetField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.order_local_id.touch())
            .wrapping_add(self.participant_id.touch())
            .wrapping_add(self.client_id.touch())
    }
}

impl Touch for ExecActionField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.exec_action.touch())
    }
}

impl Touch for TurnoverField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.instrument_id.touch()).wrapping_add(self.turnover.touch())
    }
}

impl Touch for ReadinessField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.participant_id.touch())
            .wrapping_add(self.user_id.touch())
            .wrapping_add(self.readiness.touch())
            .wrapping_add(self.content.touch())
    }
}

impl Touch for FrontField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.front_address.touch())
            .wrapping_add(self.front_priority.touch())
            .wrapping_add(self.epoch.touch())
            .wrapping_add(self.data_center_id.touch())
    }
}

impl Touch for LoginChallengeField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.digest_method.touch()).wrapping_add(self.nonce.touch())
    }
}

impl Touch for LoginProofField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.digest_method.touch()).wrapping_add(self.nonce.touch()).wrapping_add(self.proof.touch())
    }
}

impl Touch for StreamEpochField {
    fn touch(&self) -> u64 {
        0u64.wrapping_add(self.epoch.touch()).wrapping_add(self.data_center_id.touch())
    }
}
