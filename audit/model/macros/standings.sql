-- What became of an order, in the words of shop systems.

-- A status in the shop system's own English word, whatever language its labels are written in, and without a database's prefix.
create or replace macro shop_status(t) as
    list_transform(
        [regexp_replace(strip_accents(lower(trim(t))), '^wc-', '')],
        lambda s: case
            when s in ('processing', 'in bearbeitung', 'procesando', 'processando', 'en cours', 'diproses', 'sedang diproses') then 'processing'
            when s in ('completed', 'abgeschlossen', 'fertiggestellt', 'completado', 'concluido', 'terminee', 'termine', 'selesai')
                then 'completed'
            when s in ('on-hold', 'on hold', 'in wartestellung', 'wartestellung', 'en espera', 'em espera', 'aguardando', 'en attente', 'ditahan')
                then 'on-hold'
            when s in ('pending', 'pending payment', 'zahlung ausstehend', 'ausstehende zahlung', 'ausstehend', 'pendiente de pago', 'pago pendiente',
                'pendiente', 'pagamento pendente', 'pendente', 'aguardando pagamento', 'attente paiement', 'en attente de paiement',
                'en attente paiement', 'paiement en attente', 'menunggu pembayaran', 'menunggu dibayar', 'awaiting payment',
                -- Magento's and PrestaShop's own words.
                'pending_payment', 'awaiting bank wire payment', 'awaiting bank wire', 'awaiting check payment') then 'pending'
            when s in ('cancelled', 'canceled', 'storniert', 'abgebrochen', 'cancelado', 'cancelada', 'anulado', 'annulee', 'annule', 'dibatalkan',
                'batal') then 'cancelled'
            when s in ('refunded', 'erstattet', 'ruckerstattet', 'zuruckerstattet', 'reembolsado', 'reembolsada', 'remboursee', 'rembourse',
                'dana dikembalikan') then 'refunded'
            when s in ('partially_refunded', 'partially refunded', 'teilweise erstattet', 'teilweise zuruckerstattet', 'parcialmente reembolsado',
                'reembolsado parcialmente', 'partiellement rembourse', 'partiellement remboursee') then 'partially_refunded'
            when s in ('failed', 'fehlgeschlagen', 'fallido', 'malsucedido', 'falhou', 'falhado', 'echouee', 'echoue', 'echec', 'gagal', 'payment error')
                then 'failed'
            when s in ('trash', 'trashed') then 'trash'
            when s in ('paid', 'bezahlt', 'pagado', 'pagada', 'pago', 'paga', 'paye', 'payee', 'dibayar', 'sudah dibayar', 'terbayar', 'lunas',
                'payment accepted', 'remote payment accepted')
                then 'paid'
            when s in ('unpaid', 'not paid', 'unbezahlt', 'nicht bezahlt', 'no pagado', 'nao pago', 'non paye', 'non payee', 'impaye',
                'belum dibayar', 'belum bayar', 'belum lunas') then 'unpaid'
            else s
        end)[1];

-- What was begun and, as far as the shop knows, never placed.
create or replace macro is_unplaced(t) as
    coalesce(shop_status(t) in ('incomplete', 'abandoned', 'abandoned cart', 'abandoned checkout', 'draft', 'checkout-draft', 'auto-draft'), false);

-- The shop's own website, in the words of exports; a column that is empty says nothing else.
create or replace macro is_web_source(t) as
    coalesce(lower(trim(t)), '') in (
        '', 'web', 'checkout', 'store-api', 'online_store', 'online store', 'online-store', 'website', 'web site', 'site', 'webshop', 'web shop',
        'web store', 'webstore', 'online', 'online shop', 'onlineshop', 'online-shop', 'e-commerce', 'ecommerce', 'desktop', 'mobile web',
        'mobile_web', 'mobile site', 'situs web', 'toko online', 'tienda online', 'sitio web', 'loja online', 'loja virtual');
-- Where a buyer came from, which some exports call the source too.
create or replace macro is_campaign_source(t) as
    coalesce(lower(trim(t)), '') in (
        'google', 'google ads', 'bing', 'yahoo', 'direct', '(direct)', 'organic', 'organic search', 'referral', 'cpc', 'email', 'newsletter',
        'google / cpc', 'google / organic', '(direct) / (none)', 'facebook ads', 'meta ads', 'tiktok ads', 'paid social', 'affiliate');
